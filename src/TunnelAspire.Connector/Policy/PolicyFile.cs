using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using TunnelAspire.Connector.Targets;

namespace TunnelAspire.Connector.Policy;

/// <summary>The policy as it is written, in JSON with comments; docs/policy.schema.json describes it. Whatever is not understood is an error.</summary>
internal sealed partial class PolicyFile
{
    /// <summary>Where an editor finds the file's description.</summary>
    [JsonPropertyName("$schema")]
    public string? Schema { get; set; }

    /// <summary>The rules, in the order in which they are asked.</summary>
    public List<Rule?>? Rules { get; set; }

    /// <summary>Keys that nobody knows.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <summary>Reads a policy.</summary>
    /// <exception cref="FormatException">It is none; the message names the line, or the rule and the key.</exception>
    public static IReadOnlyList<PolicyRule> Parse(string text)
    {
        PolicyFile file;
        try
        {
            file = JsonSerializer.Deserialize(text, PolicyJson.Default.PolicyFile) ?? throw new FormatException("it is empty");
        }
        catch (JsonException e)
        {
            throw new FormatException($"line {e.LineNumber + 1}{(e.Path is { Length: > 1 } path ? $", at {path[2..]}" : "")}: {Reason(e)}", e);
        }

        RequireKnown(file.Unknown, "");
        PolicyRule[] rules = [.. (file.Rules ?? throw new FormatException("the key 'rules' is missing")).Select(Read)];
        IGrouping<string, PolicyRule>? twice = rules.GroupBy(rule => rule.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1);
        return twice is null ? rules : throw new FormatException($"there are {twice.Count()} rules named '{twice.Key}'");
    }

    private static PolicyRule Read(Rule? rule, int index)
    {
        string place = $"rule {index + 1}: ";
        if (rule?.Name is not { } name || !RuleName().IsMatch(name))
        {
            throw new FormatException($"{place}the key 'name' must have 1 to 64 letters, digits, spaces, '.', '_' or '-'");
        }

        place = $"rule '{name}': ";
        RequireKnown(rule.Unknown, place);
        if ((rule.Allow is null) == (rule.Deny is null))
        {
            throw new FormatException($"{place}it needs one of the keys 'allow' and 'deny', and not both");
        }

        SessionTerms terms = rule.Terms(place);
        if (rule.Deny is not null && terms != SessionTerms.Unlimited)
        {
            throw new FormatException($"{place}it denies, so it has no limits");
        }

        return new PolicyRule
        {
            Name = name,
            Callers = Names(rule.Callers, $"{place}the key 'callers'"),
            Roles = Names(rule.Roles, $"{place}the key 'roles'"),
            Targets = Patterns((rule.Allow ?? rule.Deny)!, place, rule.Deny is null ? "allow" : "deny"),
            Denies = rule.Deny is not null,
            Terms = rule.Callers is not null || rule.Roles is not null ? terms
                : throw new FormatException($"{place}it is for nobody; it needs the key 'callers' or 'roles', for everyone \"callers\": [\"*\"]"),
        };
    }

    private static TargetPattern[] Patterns(List<string?> texts, string place, string key)
    {
        try
        {
            return texts.Count > 0 ? [.. texts.Select(text => TargetPattern.Parse(text ?? ""))] : throw new FormatException("it names no target");
        }
        catch (FormatException e)
        {
            throw new FormatException($"{place}the key '{key}': {e.Message}", e);
        }
    }

    private static string[] Names(List<string?>? names, string place) =>
        names is null ? []
        : names.Count == 0 ? throw new FormatException($"{place} names nobody")
        : [.. names.Select(name => string.IsNullOrWhiteSpace(name) ? throw new FormatException($"{place} holds an empty name") : name)];

    private static void RequireKnown(Dictionary<string, JsonElement>? unknown, string place)
    {
        if (unknown is { Count: > 0 })
        {
            throw new FormatException($"{place}the key '{unknown.Keys.First()}' is unknown");
        }
    }

    /// <summary>The serializer's words, without its types and without what is told already.</summary>
    private static string Reason(JsonException e) =>
        e.Message.Contains("could not be converted", StringComparison.Ordinal) ? "the value is of the wrong kind"
        : e.Message.Contains("Duplicate property", StringComparison.Ordinal) ? "the key stands there twice"
        : e.Message.Split(" Path: ")[0].Split(" LineNumber: ")[0].TrimEnd('.');

    [GeneratedRegex(@"\A[A-Za-z0-9._ -]{1,64}\z")]
    private static partial Regex RuleName();

    /// <summary>One rule as it is written.</summary>
    internal sealed class Rule
    {
        public string? Name { get; set; }

        public List<string?>? Callers { get; set; }

        public List<string?>? Roles { get; set; }

        public List<string?>? Allow { get; set; }

        public List<string?>? Deny { get; set; }

        public int? MaxSessions { get; set; }

        public TimeSpan? Lifetime { get; set; }

        public long? BytesPerSecondUp { get; set; }

        public long? BytesPerSecondDown { get; set; }

        [JsonExtensionData]
        public Dictionary<string, JsonElement>? Unknown { get; set; }

        /// <summary>Its limits, if they are in their ranges.</summary>
        public SessionTerms Terms(string place)
        {
            Require(MaxSessions is null or (>= 1 and <= 1_000_000), place, "maxSessions", "1 to 1000000");
            Require(Lifetime is null || (Lifetime >= TimeSpan.FromSeconds(1) && Lifetime <= TimeSpan.FromDays(30)), place, "lifetime", "00:00:01 to 30.00:00:00");
            string rates = $"{SessionTerms.LowestRate} to {SessionTerms.HighestRate}";
            Require(BytesPerSecondUp is null or (>= SessionTerms.LowestRate and <= SessionTerms.HighestRate), place, "bytesPerSecondUp", rates);
            Require(BytesPerSecondDown is null or (>= SessionTerms.LowestRate and <= SessionTerms.HighestRate), place, "bytesPerSecondDown", rates);
            return new SessionTerms(MaxSessions, Lifetime, BytesPerSecondUp, BytesPerSecondDown);
        }

        private static void Require(bool fits, string place, string key, string range)
        {
            if (!fits)
            {
                throw new FormatException($"{place}the key '{key}' must be {range}");
            }
        }
    }
}

/// <summary>Reads the file: comments and commas at ends may stand, everything else must be as it should.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(PolicyFile))]
internal sealed partial class PolicyJson : JsonSerializerContext;
