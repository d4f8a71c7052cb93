using Microsoft.Extensions.Time.Testing;
using TunnelAspire.Connector.Policy;
using TunnelAspire.Http.Identity;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Connector.Policy;

public sealed class CallerQuotasTests
{
    private static readonly Caller Bob = new("bob", []);
    private readonly CallerQuotas _quotas = Rules.Quotas(new FakeTimeProvider());

    [Fact]
    public void Enter_BeyondTheCallersMost_IsTooManyAndNamesCallerAndRule()
    {
        PolicyRule rule = Rule("databases", new SessionTerms(MaxSessions: 2));
        using SessionGrant first = _quotas.Enter(rule, Rules.Ann);
        using SessionGrant second = _quotas.Enter(rule, Rules.Ann);

        TunnelException refusal = Assert.Throws<TunnelException>(() => _quotas.Enter(rule, Rules.Ann));

        Assert.Equal(TunnelError.TooMany, refusal.Error);
        Assert.Contains("ann has as many sessions open", refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith("'databases' lets a caller have at one connector: 2", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Enter_OfOthersAndByOtherRules_IsCountedApart()
    {
        PolicyRule rule = Rule("databases", new SessionTerms(MaxSessions: 1));
        using SessionGrant first = _quotas.Enter(rule, Rules.Ann);

        using SessionGrant other = _quotas.Enter(rule, Bob);
        using SessionGrant elsewhere = _quotas.Enter(Rule("web", new SessionTerms(MaxSessions: 1)), Rules.Ann);
    }

    [Fact]
    public void Dispose_OfAGrant_MakesRoomOnce()
    {
        PolicyRule rule = Rule("databases", new SessionTerms(MaxSessions: 2));
        SessionGrant first = _quotas.Enter(rule, Rules.Ann);
        using SessionGrant second = _quotas.Enter(rule, Rules.Ann);
        first.Dispose();
        first.Dispose();

        using SessionGrant third = _quotas.Enter(rule, Rules.Ann);
        Assert.Throws<TunnelException>(() => _quotas.Enter(rule, Rules.Ann));
    }

    [Fact]
    public void Enter_AfterTheRuleHasChanged_CountsWhatIsOpen()
    {
        using SessionGrant before = _quotas.Enter(Rule("databases", SessionTerms.Unlimited), Rules.Ann);

        Assert.Throws<TunnelException>(() => _quotas.Enter(Rule("databases", new SessionTerms(MaxSessions: 1)), Rules.Ann));
    }

    [Fact]
    public void Rates_OfACallersSessions_AreOneUntilTheRuleChanges()
    {
        PolicyRule rule = Rule("databases", new SessionTerms(BytesPerSecondUp: 5000));
        using SessionGrant first = _quotas.Enter(rule, Rules.Ann);
        using SessionGrant second = _quotas.Enter(rule, Rules.Ann);
        using SessionGrant others = _quotas.Enter(rule, Bob);
        using SessionGrant faster = _quotas.Enter(Rule("databases", new SessionTerms(BytesPerSecondUp: 6000)), Rules.Ann);

        Assert.Same(first.Up, second.Up);
        Assert.NotSame(first.Up, others.Up);
        Assert.NotSame(first.Up, faster.Up);
        Assert.Equal(5000, first.Up!.BytesPerSecond);
        Assert.Equal(6000, faster.Up!.BytesPerSecond);
        Assert.Null(first.Down);
    }

    private static PolicyRule Rule(string name, SessionTerms terms) => new() { Name = name, Callers = ["*"], Roles = [], Targets = [], Terms = terms };
}
