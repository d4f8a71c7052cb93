using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Json.Schema;
using TunnelAspire.Connector.Policy;

namespace TunnelAspire.Tests.Connector.Policy;

/// <summary>What docs say of the policy file: the example is one, and the schema takes what the connector takes.</summary>
public sealed partial class PolicyDocumentTests
{
    private static readonly JsonDocumentOptions WithComments = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
    private static readonly JsonSchema Schema = JsonSchema.FromText(File.ReadAllText(Path.Combine(Docs, "policy.schema.json")));

    private static string Docs => Path.Combine(Root(AppContext.BaseDirectory), "docs");

    [Fact]
    public void Example_OfTheDocuments_IsAPolicyAndFitsTheSchema()
    {
        string example = Example().Match(File.ReadAllText(Path.Combine(Docs, "configuration.md"))).Groups["json"].Value;

        Assert.Equal(["never", "databases", "web"], PolicyFile.Parse(example).Select(rule => rule.Name));
        Assert.True(Fits(example));
    }

    [Theory]
    [InlineData(true, """{ "rules": [] }""")]
    [InlineData(true, """{ "rules": [{ "name": "r", "roles": ["a"], "allow": ["unix:/run/a.sock"], "lifetime": "1.00:00:00", "bytesPerSecondUp": 4096 }] }""")]
    [InlineData(true, """{ "rules": [{ "name": "r", "callers": ["*"], "roles": ["a"], "deny": ["[::1]:1-1024"] }] }""")]
    [InlineData(false, "{}")]
    [InlineData(false, """{ "rules": [], "rule": [] }""")]
    [InlineData(false, """{ "rules": [{ "callers": ["*"], "allow": ["*:*"] }] }""")]
    [InlineData(false, """{ "rules": [{ "name": "a:b", "callers": ["*"], "allow": ["*:*"] }] }""")]
    [InlineData(false, """{ "rules": [{ "name": "r", "allow": ["*:*"] }] }""")]
    [InlineData(false, """{ "rules": [{ "name": "r", "callers": [], "allow": ["*:*"] }] }""")]
    [InlineData(false, """{ "rules": [{ "name": "r", "callers": [" "], "allow": ["*:*"] }] }""")]
    [InlineData(false, """{ "rules": [{ "name": "r", "callers": ["*"] }] }""")]
    [InlineData(false, """{ "rules": [{ "name": "r", "callers": ["*"], "allow": ["*:*"], "deny": ["*:*"] }] }""")]
    [InlineData(false, """{ "rules": [{ "name": "r", "callers": ["*"], "allow": [] }] }""")]
    [InlineData(false, """{ "rules": [{ "name": "r", "callers": ["*"], "allow": ["db"] }] }""")]
    [InlineData(false, """{ "rules": [{ "name": "r", "callers": ["*"], "deny": ["*:*"], "maxSessions": 1 }] }""")]
    [InlineData(false, """{ "rules": [{ "name": "r", "callers": ["*"], "allow": ["*:*"], "maxSession": 1 }] }""")]
    [InlineData(false, """{ "rules": [{ "name": "r", "callers": ["*"], "allow": ["*:*"], "maxSessions": 0 }] }""")]
    [InlineData(false, """{ "rules": [{ "name": "r", "callers": ["*"], "allow": ["*:*"], "lifetime": 8 }] }""")]
    [InlineData(false, """{ "rules": [{ "name": "r", "callers": ["*"], "allow": ["*:*"], "bytesPerSecondUp": 4095 }] }""")]
    public void Schema_OfAnyPolicy_AgreesWithTheConnector(bool good, string policy)
    {
        Assert.Equal(good, Fits(policy));
        Assert.Equal(good, Record.Exception(() => PolicyFile.Parse(policy)) is null);
    }

    [Fact]
    public void Schema_KnowsTheKeysThatTheConnectorKnows()
    {
        IEnumerable<string> known = typeof(PolicyFile.Rule).GetProperties().Where(property => property.Name != nameof(PolicyFile.Rule.Unknown))
            .Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name));
        JsonObject described = JsonNode.Parse(File.ReadAllText(Path.Combine(Docs, "policy.schema.json")))!["$defs"]!["rule"]!["properties"]!.AsObject();

        Assert.Equal(known.Order(StringComparer.Ordinal), described.Select(property => property.Key).Order(StringComparer.Ordinal));
    }

    private static bool Fits(string policy)
    {
        using JsonDocument document = JsonDocument.Parse(policy, WithComments);
        return Schema.Evaluate(document.RootElement).IsValid;
    }

    private static string Root(string folder) =>
        File.Exists(Path.Combine(folder, "TunnelAspire.sln")) ? folder : Root(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(folder)) ?? throw new InvalidOperationException("the tests do not run in the repository"));

    /// <summary>Raw format: a fenced block whose info string is <c>json policy</c>.</summary>
    [GeneratedRegex(@"^```json policy\n(?<json>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Example();
}
