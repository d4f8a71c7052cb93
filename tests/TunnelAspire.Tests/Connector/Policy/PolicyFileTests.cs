using TunnelAspire.Connector.Policy;

namespace TunnelAspire.Tests.Connector.Policy;

public sealed class PolicyFileTests
{
    [Fact]
    public void Parse_OfAWholePolicy_ReadsEveryKey()
    {
        IReadOnlyList<PolicyRule> rules = PolicyFile.Parse("""
            {
              // Nobody gets here.
              "$schema": "policy.schema.json",
              "rules": [
                { "name": "never", "callers": ["*"], "deny": ["10.66.0.0/16:*"] },
                {
                  "name": "databases", "callers": ["ann"], "roles": ["dba"], "allow": ["*.internal:5432", "unix:/run/pg/*"],
                  "maxSessions": 20, "lifetime": "08:00:00", "bytesPerSecondUp": 1048576, "bytesPerSecondDown": 10485760, /* both ways */
                },
              ]
            }
            """);

        Assert.Equal(["never", "databases"], rules.Select(rule => rule.Name));
        Assert.True(rules[0].Denies);
        Assert.Equal(["ann"], rules[1].Callers);
        Assert.Equal(["dba"], rules[1].Roles);
        Assert.Equal(["*.internal:5432", "unix:/run/pg/*"], rules[1].Targets.Select(target => target.ToString()));
        Assert.Equal(new SessionTerms(20, TimeSpan.FromHours(8), 1_048_576, 10_485_760), rules[1].Terms);
    }

    [Theory]
    [InlineData("", "line 1")]
    [InlineData("null", "it is empty")]
    [InlineData("[]", "line 1")]
    [InlineData("{}", "the key 'rules' is missing")]
    [InlineData("""{ "rules": [], "rule": [] }""", "the key 'rule' is unknown")]
    [InlineData("{\n\"rules\": [ }", "line 2")]
    [InlineData("""{ "rules": [], "rules": [] }""", "line 1, at rules: ")]
    [InlineData("""{ "rules": [null] }""", "rule 1: the key 'name'")]
    [InlineData("""{ "rules": [{ "callers": ["*"], "allow": ["*:*"] }] }""", "rule 1: the key 'name'")]
    [InlineData("""{ "rules": [{ "name": "a:b", "callers": ["*"], "allow": ["*:*"] }] }""", "rule 1: the key 'name'")]
    [InlineData("""{ "rules": [{ "name": "r", "allow": ["*:*"] }] }""", "rule 'r': it is for nobody")]
    [InlineData("""{ "rules": [{ "name": "r", "callers": [], "allow": ["*:*"] }] }""", "rule 'r': the key 'callers' names nobody")]
    [InlineData("""{ "rules": [{ "name": "r", "roles": [" "], "allow": ["*:*"] }] }""", "rule 'r': the key 'roles' holds an empty name")]
    [InlineData("""{ "rules": [{ "name": "r", "callers": ["*"] }] }""", "rule 'r': it needs one of the keys 'allow' and 'deny'")]
    [InlineData("""{ "rules": [{ "name": "r", "callers": ["*"], "allow": ["*:*"], "deny": ["*:*"] }] }""", "and not both")]
    [InlineData("""{ "rules": [{ "name": "r", "callers": ["*"], "allow": [] }] }""", "rule 'r': the key 'allow': it names no target")]
    [InlineData("""{ "rules": [{ "name": "r", "callers": ["*"], "deny": ["db"] }] }""", "rule 'r': the key 'deny': 'db' is not a target pattern")]
    [InlineData("""{ "rules": [{ "name": "r", "callers": ["*"], "allow": [null] }] }""", "rule 'r': the key 'allow': '' is not a target pattern")]
    [InlineData("""{ "rules": [{ "name": "r", "callers": ["*"], "deny": ["*:*"], "maxSessions": 1 }] }""", "rule 'r': it denies, so it has no limits")]
    [InlineData("""{ "rules": [{ "name": "r", "callers": ["*"], "allow": ["*:*"], "maxSession": 1 }] }""", "rule 'r': the key 'maxSession' is unknown")]
    [InlineData("""{ "rules": [{ "name": "r", "callers": ["*"], "allow": ["*:*"], "MaxSessions": 1 }] }""", "rule 'r': the key 'MaxSessions' is unknown")]
    [InlineData("""{ "rules": [{ "name": "r", "callers": ["*"], "allow": ["*:*"], "maxSessions": 0 }] }""", "rule 'r': the key 'maxSessions' must be 1 to 1000000")]
    [InlineData("""{ "rules": [{ "name": "r", "callers": ["*"], "allow": ["*:*"], "maxSessions": "9" }] }""", "line 1, at rules[0].maxSessions: the value is of the wrong kind")]
    [InlineData("""{ "rules": [{ "name": "r", "callers": ["*"], "allow": ["*:*"], "maxSessions": 1.5 }] }""", "at rules[0].maxSessions: the value is of the wrong kind")]
    [InlineData("""{ "rules": [{ "name": "r", "callers": ["*"], "allow": ["*:*"], "lifetime": 8 }] }""", "at rules[0].lifetime: the value is of the wrong kind")]
    [InlineData("""{ "rules": [{ "name": "r", "callers": ["*"], "allow": ["*:*"], "lifetime": "00:00:00" }] }""", "rule 'r': the key 'lifetime' must be")]
    [InlineData("""{ "rules": [{ "name": "r", "callers": ["*"], "allow": ["*:*"], "bytesPerSecondUp": 4095 }] }""", "rule 'r': the key 'bytesPerSecondUp' must be 4096 to")]
    [InlineData("""{ "rules": [{ "name": "r", "callers": "*", "allow": ["*:*"] }] }""", "at rules[0].callers: the value is of the wrong kind")]
    [InlineData("""{ "rules": [{ "name": "r", "callers": ["*"], "allow": ["*:*"] }, { "name": "R", "callers": ["*"], "deny": ["*:*"] }] }""", "there are 2 rules named 'r'")]
    [InlineData("""{ "rules": [] } more""", "line 1")]
    public void Parse_OfWhatIsNoPolicy_SaysWhere(string text, string where)
    {
        FormatException refusal = Assert.Throws<FormatException>(() => PolicyFile.Parse(text));

        Assert.Contains(where, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("TunnelAspire", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }
}
