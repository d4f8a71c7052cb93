using System.Net;
using CsCheck;
using TunnelAspire.Connector.Policy;
using TunnelAspire.Connector.Targets;
using TunnelAspire.Http.Identity;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Connector.Policy;

public sealed class AccessPolicyTests
{
    private static readonly string[] Patterns =
    [
        "*:*", "*.internal:*", "db.internal:5432", "localhost:22", "10.0.0.0/8:*", "10.9.0.0/16:1-1024", "127.0.0.1:*", "127.0.0.0/8:22",
        "0.0.0.0/0:*", "[::]/0:*", "169.254.0.0/16:*", "169.254.169.254:80", "unix:/run/*",
    ];

    private static readonly string[] Addresses =
        ["10.0.0.1", "10.9.0.1", "192.0.2.1", "127.0.0.1", "127.0.0.2", "169.254.169.254", "169.254.1.1", "::1", "fe80::1", "2001:db8::1", "::ffff:127.0.0.1", "0.0.0.0"];

    private static readonly Gen<(string Target, string Address)> AnyTarget = Gen.Select(
        OneOf("db.internal", "web.internal", "localhost", "other.example"), OneOf("22", "80", "5432"), OneOf(Addresses),
        (host, port, address) => ($"{host}:{port}", address));

    private static readonly Gen<PolicyRule> AnyRule = Gen.Select(
        OneOf("*", "ann", "bob", "@dba", "@ops"), OneOf(Patterns).Array[1, 3], Gen.Bool,
        (caller, patterns, denies) => denies ? Rules.Deny("rule", [caller], patterns) : Rules.Allow("rule", [caller], patterns));

    [Theory]
    [InlineData("db.internal:5432", "10.0.0.1", "databases")]
    [InlineData("db.internal:22", "10.0.0.1", "rest")]
    [InlineData("db.internal:5432", "10.66.0.1", "never")]
    [InlineData("secret.internal:5432", "10.0.0.1", "secret")]
    [InlineData("www.example:443", "192.0.2.1", "rest")]
    public void Judge_ByTheOrderOfRules_TheFirstThatFitsDecides(string target, string address, string rule)
    {
        AccessPolicy policy = new(
        [
            Rules.Deny("never", ["*"], "10.66.0.0/16:*"),
            Rules.Deny("secret", ["*"], "secret.internal:*"),
            Rules.Allow("others", ["bob", "@ops"], "*:*"),
            Rules.Allow("databases", ["@dba"], "*.internal:5432"),
            Rules.Allow("rest", ["ann"], "*:*"),
            Rules.Deny("last", ["*"], "*:*"),
        ]);

        Assert.Equal(rule, policy.Judge(Rules.Ann, target, address).Rule?.Name);
    }

    [Fact]
    public void Judge_WhereNoRuleFits_Refuses()
    {
        AccessPolicy policy = new([Rules.Allow("bobs", ["bob"], "*:*"), Rules.Allow("web", ["*"], "*:443")]);

        Verdict verdict = policy.Judge(Rules.Ann, "db.internal:5432", "10.0.0.1");

        Assert.False(verdict.Allowed);
        Assert.Null(verdict.Rule);
        Assert.Null(verdict.Unnamed);
    }

    [Theory]
    [InlineData("x.example:22", "127.0.0.1", "loopback", "*:*", "*.example:*", "0.0.0.0/0:*")]
    [InlineData("x.example:22", "::ffff:127.0.0.1", "loopback", "*:*", "[::]/0:*")]
    [InlineData("x.example:80", "169.254.169.254", "cloud metadata", "*:*", "169.254.0.0/16:*", "0.0.0.0/0:*")]
    [InlineData("x.example:80", "fd00:ec2::254", "cloud metadata", "*:*", "fd00::/8:*")]
    [InlineData("x.example:80", "fe80::1", "link-local", "*:*", "[::]/0:*")]
    [InlineData("x.example:80", "64:ff9b::127.0.0.1", "loopback", "*:*", "64:ff9b::/96:*", "127.0.0.1:*")]
    public void Judge_AProtectedAddress_IsNotReachedByAnyPatternThatOnlyIncludesIt(string target, string address, string kind, params string[] patterns)
    {
        Verdict verdict = new AccessPolicy([Rules.Allow("wide", ["*"], patterns)]).Judge(Rules.Ann, target, address);

        Assert.False(verdict.Allowed);
        Assert.Equal(kind, verdict.Unnamed);
    }

    [Theory]
    [InlineData("localhost:22", "127.0.0.1", "localhost:22")]
    [InlineData("x.example:22", "127.0.0.1", "127.0.0.1:*")]
    [InlineData("x.example:22", "127.0.0.1", "127.0.0.0/8:22")]
    [InlineData("x.example:22", "127.0.0.1", "127.0.0.0/24:22")]
    [InlineData("x.example:22", "::1", "[::1]:*")]
    [InlineData("x.example:80", "169.254.169.254", "169.254.169.254:80")]
    [InlineData("x.example:80", "169.254.1.1", "169.254.0.0/16:80")]
    [InlineData("x.example:80", "64:ff9b::127.0.0.1", "64:ff9b::7f00:1:80")]
    public void Judge_AProtectedAddress_IsReachedWhereItIsNamed(string target, string address, string pattern)
    {
        AccessPolicy policy = new([Rules.Allow("wide", ["*"], "*:*"), Rules.Allow("named", ["*"], pattern)]);

        Assert.Equal("named", policy.Judge(Rules.Ann, target, address).Rule?.Name);
    }

    [Theory]
    [InlineData("10.0.0.0/8:*", "64:ff9b::10.0.0.1")]
    [InlineData("10.0.0.0/8:*", "2002:0a00:0001::1")]
    [InlineData("10.0.0.0/8:*", "::ffff:10.0.0.1")]
    [InlineData("*:*", "127.0.0.1")]
    public void Judge_ADeniedTarget_IsDeniedInWhateverWayItIsWritten(string pattern, string address)
    {
        AccessPolicy policy = new([Rules.Deny("never", ["*"], pattern), Rules.Allow("all", ["*"], "*:*", "127.0.0.1:*")]);

        Assert.Equal("never", policy.Judge(Rules.Ann, "x.example:22", address).Rule?.Name);
    }

    [Theory]
    [InlineData("unix:/run/app.sock", "socket")]
    [InlineData("unix:/run/other.sock", null)]
    public void Judge_AUnixSocket_GoesByItsPath(string target, string? rule)
    {
        AccessPolicy policy = new([Rules.Allow("all", ["*"], "*:*", "0.0.0.0/0:*"), Rules.Allow("socket", ["*"], "unix:/run/app.sock")]);

        Assert.Equal(rule, policy.Judge(Rules.Ann, target, null).Rule?.Name);
    }

    [Theory]
    [InlineData("db.internal:5432", AccessPolicy.Reach.ByName)]
    [InlineData("secret.internal:5432", AccessPolicy.Reach.ByAddress)]
    [InlineData("www.example:22", AccessPolicy.Reach.ByAddress)]
    [InlineData("www.example:443", AccessPolicy.Reach.Never)]
    public void ReachOf_ATarget_SaysWhetherItsAddressMatters(string target, AccessPolicy.Reach reach)
    {
        AccessPolicy policy = new(
        [
            Rules.Allow("others", ["bob"], "*:*"),
            Rules.Allow("net", ["ann"], "10.0.0.0/8:22", "10.0.0.0/8:5432"),
            Rules.Deny("web", ["*"], "www.example:*", "secret.internal:*"),
            Rules.Allow("named", ["ann"], "*:*"),
        ]);
        Assert.True(TargetAddress.TryParse(target, out TargetAddress? parsed));

        Assert.Equal(reach, policy.ReachOf(Rules.Ann, parsed));
    }

    [Fact]
    public void Judge_OfAnyPolicy_AgreesWithWhatWasSaidBeforeResolving() => Gen.Select(AnyRule.Array[0, 6], AnyTarget).Sample(
        (rules, target) =>
        {
            AccessPolicy policy = new(rules);
            Assert.True(TargetAddress.TryParse(target.Target, out TargetAddress? parsed));
            bool allowed = policy.Judge(Rules.Ann, target.Target, target.Address).Allowed;

            Assert.False(allowed && policy.ReachOf(Rules.Ann, parsed) == AccessPolicy.Reach.Never);
        },
        iter: 50_000);

    [Fact]
    public void Judge_OfAnyPolicy_AllowsAProtectedAddressOnlyByAPatternThatNamesIt() => Gen.Select(AnyRule.Array[0, 6], AnyTarget).Sample(
        (rules, target) =>
        {
            Verdict verdict = new AccessPolicy(rules).Judge(Rules.Ann, target.Target, target.Address);
            ProtectedRange? range = ProtectedAddresses.Find(IPAddress.Parse(target.Address));

            Assert.False(verdict.Allowed && range is not null && verdict.Pattern!.ToString() is "*:*" or "*.internal:*" or "0.0.0.0/0:*" or "[::]/0:*");
        },
        iter: 50_000);

    [Fact]
    public void Judge_OfAnyPolicy_IsNotChangedByWhatFollowsTheDecidingRule() => Gen.Select(AnyRule.Array[0, 6], AnyRule, AnyTarget).Sample(
        (rules, further, target) =>
        {
            Verdict verdict = new AccessPolicy(rules).Judge(Rules.Ann, target.Target, target.Address);
            Verdict longer = new AccessPolicy([.. rules, further]).Judge(Rules.Ann, target.Target, target.Address);

            Assert.True(verdict.Rule is null || verdict.Rule == longer.Rule);
        },
        iter: 20_000);

    [Fact]
    public void Judge_OfAnyPolicy_IsNotChangedByRulesForOthers() => Gen.Select(AnyRule.Array[0, 6], AnyTarget).Sample(
        (rules, target) =>
        {
            PolicyRule[] own = [.. rules.Where(rule => rule.IsFor(Rules.Ann))];

            Assert.Equal(new AccessPolicy(own).Judge(Rules.Ann, target.Target, target.Address), new AccessPolicy(rules).Judge(Rules.Ann, target.Target, target.Address));
        },
        iter: 20_000);

    [Fact]
    public void IsFor_ACaller_GoesByNameOrRole()
    {
        Assert.True(Rules.Allow("r", ["@dba"], "*:*").IsFor(Rules.Ann));
        Assert.True(Rules.Allow("r", ["*"], "*:*").IsFor(Caller.Anonymous));
        Assert.False(Rules.Allow("r", ["Ann", "dba", "@ann"], "*:*").IsFor(Rules.Ann));
    }

    private static Gen<string> OneOf(params string[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);
}
