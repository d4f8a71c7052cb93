using System.Text.Json;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Policy;

/// <summary><c>tunneld policy explain</c>, run as an operator would.</summary>
public sealed class ExplainCommandTests : IDisposable
{
    private const string Policy = """
        {
          "rules": [
            { "name": "never", "callers": ["*"], "deny": ["10.66.0.0/16:*"] },
            { "name": "databases", "roles": ["dba"], "allow": ["*.internal:5432", "localhost:5432"], "maxSessions": 20, "lifetime": "08:00:00", "bytesPerSecondDown": 1000000 },
            { "name": "web", "callers": ["ann"], "allow": ["*:80"] } // and nobody else
          ]
        }
        """;

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(0, "allowed by rule 'databases', pattern localhost:5432", "ann", "localhost:5432", "--role", "ops", "--role", "dba")]
    [InlineData(0, "limits for the caller by this rule: 20 sessions at once at one connector, each for 08:00:00, together 1000000 bytes/s down", "ann", "localhost:5432", "--role", "dba")]
    [InlineData(0, "at 127.0.0.1: allowed by rule 'databases'", "ann", "localhost:5432", "--role", "dba")]
    [InlineData(0, "the name does not resolve here", "ann", "nothing.internal:5432", "--role", "dba")]
    [InlineData(0, "allowed by rule 'Connector:Allow', pattern 127.0.0.1:22", "bob", "127.0.0.1:22", "--allow", "127.0.0.1:22")]
    [InlineData(1, "refused: no rule fits", "ann", "localhost:5432")]
    [InlineData(1, "databases: not for this caller", "ann", "localhost:5432")]
    [InlineData(1, "refused: it is a loopback address, and no rule names it", "ann", "localhost:80")]
    [InlineData(1, "web: *:80 fits, but does not name the address", "ann", "localhost:80")]
    [InlineData(1, "denied by rule 'never', pattern 10.66.0.0/16:*", "ann", "10.66.1.2:80")]
    [InlineData(2, "'localhost' is neither host:port nor unix:/path", "ann", "localhost")]
    [InlineData(2, "'target' missing", "ann")]
    [InlineData(2, "'wrong' is not a target pattern", "ann", "localhost:80", "--allow", "wrong")]
    public async Task Explain_AQuestion_AnswersAndExitsAccordingly(int code, string said, params string[] question) =>
        Assert.Contains(said, await RunAsync(code, _scratch.Write("policy.json", Policy), question), StringComparison.Ordinal);

    [Fact]
    public async Task Explain_InJson_SaysTheSame()
    {
        using JsonDocument answer = JsonDocument.Parse(await RunAsync(0, _scratch.Write("policy.json", Policy), "ann", "192.0.2.1:80", "--json"));

        Assert.True(answer.RootElement.GetProperty("allowed").GetBoolean());
        Assert.Equal("web", answer.RootElement.GetProperty("rule").GetString());
        Assert.Equal("192.0.2.1", answer.RootElement.GetProperty("addresses")[0].GetProperty("address").GetString());
        Assert.Equal(["never", "databases", "web"], answer.RootElement.GetProperty("rules").EnumerateArray().Select(rule => rule.GetProperty("rule").GetString()));
    }

    [Fact]
    public async Task Explain_OfABrokenPolicy_SaysWhereAndIsNoRefusal() =>
        Assert.Contains("rule 'web': the key 'alow' is unknown", await RunAsync(2, _scratch.Write("policy.json", Policy.Replace("allow\": [\"*:80\"]", "alow\": []", StringComparison.Ordinal)), "ann", "db:80"), StringComparison.Ordinal);

    private static async Task<string> RunAsync(int code, string policy, params string[] question)
    {
        await using ChildProcess explain = ChildProcess.Start(
            Installed.Built("TunnelAspire.Node", "tunneld"), ["policy", "explain", .. question, "--policy", policy]);
        Assert.Equal(code, await explain.ExitAsync(TimeSpan.FromSeconds(30)));
        return explain.Output;
    }
}
