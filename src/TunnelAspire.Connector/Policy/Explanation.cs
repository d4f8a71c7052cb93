using System.Globalization;
using System.Text.Json.Serialization;
using TunnelAspire.Connector.Targets;
using TunnelAspire.Http.Identity;

namespace TunnelAspire.Connector.Policy;

/// <summary>Why a caller may reach a target or may not, for people and for programs. Says more than a caller is ever told.</summary>
/// <param name="Caller">The caller's name.</param>
/// <param name="Roles">Its roles.</param>
/// <param name="Target">The target.</param>
/// <param name="Allowed">Whether the target may be dialled.</param>
/// <param name="Reason">What decides, in one clause.</param>
/// <param name="Rule">The rule that decides; null where none does, and so refuses.</param>
/// <param name="Pattern">The rule's pattern that fits.</param>
/// <param name="Addresses">What the target resolves to here, and what is decided on each; empty where it is not resolved, or does not.</param>
/// <param name="Limits">The terms of an allowed session.</param>
/// <param name="Rules">The rules in the order in which they were asked, up to the one that decides.</param>
public sealed record Explanation(
    string Caller,
    IReadOnlyList<string> Roles,
    string Target,
    bool Allowed,
    string Reason,
    string? Rule,
    string? Pattern,
    IReadOnlyList<Explanation.Place> Addresses,
    SessionTerms? Limits,
    IReadOnlyList<Explanation.Asked> Rules)
{
    /// <summary>One address of the target.</summary>
    public sealed record Place(string Address, bool Allowed, bool Dialled, string Reason);

    /// <summary>One rule that was asked.</summary>
    public sealed record Asked(string Rule, string Outcome);

    /// <summary>Explains a decision of this policy.</summary>
    public static Explanation Of(AccessPolicy policy, Caller caller, Decision decision)
    {
        Verdict verdict = decision.Verdict;
        HashSet<string> dialled = [.. decision.Places.OfType<System.Net.IPEndPoint>().Select(place => place.Address.ToString())];
        return new Explanation(
            caller.Name,
            caller.Roles,
            decision.Target.ToString(),
            decision.Allowed,
            decision.Unresolved is { } unresolved ? $"{Words(verdict)}; but the name does not resolve here: {unresolved.Message}" : Words(verdict),
            verdict.Rule?.Name,
            verdict.Pattern?.ToString(),
            [.. decision.Verdicts.Where(each => each.Address is not null).Select(each =>
                new Place(each.Address!.ToString(), each.Allowed, dialled.Contains(each.Address.ToString()), Words(each)))],
            decision.Allowed ? verdict.Rule!.Terms : null,
            [.. Ask(policy, caller, decision.Target, verdict)]);
    }

    /// <summary>The explanation as lines for people.</summary>
    public IEnumerable<string> Lines()
    {
        yield return $"{Target} for {Caller}{(Roles.Count > 0 ? $" ({string.Join(", ", Roles)})" : "")}: {(Allowed ? "allowed" : "refused")}";
        yield return $"  {Reason}";
        foreach (Place place in Addresses)
        {
            yield return $"  at {place.Address}: {place.Reason}{(place.Allowed && !place.Dialled ? "; not dialled, since another rule decides" : "")}";
        }

        if (Limits is { } limits)
        {
            yield return $"  {Words(limits)}";
        }

        yield return Rules.Count > 0 ? "Rules in the order in which they were asked:" : "There are no rules.";
        foreach (Asked asked in Rules)
        {
            yield return $"  {asked.Rule}: {asked.Outcome}";
        }
    }

    private static string Words(Verdict verdict) => verdict switch
    {
        { Rule: { } rule } => $"{(rule.Denies ? "denied" : "allowed")} by rule '{rule.Name}', pattern {verdict.Pattern}",
        { Unnamed: { } kind } => $"refused: it is a {kind} address, and no rule names it",
        _ => "refused: no rule fits",
    };

    private static string Words(SessionTerms limits)
    {
        string[] words =
        [
            .. limits.MaxSessions is { } sessions ? [$"{sessions} sessions at once at one connector"] : Array.Empty<string>(),
            .. limits.Lifetime is { } lifetime ? [$"each for {lifetime:c}"] : Array.Empty<string>(),
            .. limits.BytesPerSecondUp is { } up ? [string.Create(CultureInfo.InvariantCulture, $"together {up} bytes/s up")] : Array.Empty<string>(),
            .. limits.BytesPerSecondDown is { } down ? [string.Create(CultureInfo.InvariantCulture, $"together {down} bytes/s down")] : Array.Empty<string>(),
        ];
        return words.Length == 0 ? "no limits" : $"limits for the caller by this rule: {string.Join(", ", words)}";
    }

    private static IEnumerable<Asked> Ask(AccessPolicy policy, Caller caller, Protocol.Wire.TargetAddress target, Verdict verdict)
    {
        foreach (PolicyRule rule in policy.Rules)
        {
            if (rule == verdict.Rule)
            {
                yield return new Asked(rule.Name, $"{(rule.Denies ? "denies" : "allows")}: {verdict.Pattern}");
                yield break;
            }

            TargetPattern? unnamed = rule.Denies ? null : rule.Targets.FirstOrDefault(pattern => pattern.Allows(target, verdict.Address));
            yield return new Asked(rule.Name, !rule.IsFor(caller) ? "not for this caller" : unnamed is null ? "no pattern fits" : $"{unnamed} fits, but does not name the address");
        }
    }
}

/// <summary>The explanation's JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(Explanation))]
public sealed partial class ExplanationJson : JsonSerializerContext;
