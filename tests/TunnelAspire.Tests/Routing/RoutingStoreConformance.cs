using TunnelAspire.Protocol.Wire;
using TunnelAspire.Routing;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Routing;

/// <summary>What <see cref="IRoutingStore"/> promises, whatever keeps the routes.</summary>
public abstract class RoutingStoreConformance
{
    protected static readonly ConnectorAddress One = new("one", 1000, new Uri("http://127.0.0.1:5001"));
    protected static readonly ConnectorAddress Two = new("two", 2000, new Uri("http://127.0.0.1:5002"));

    protected abstract IRoutingStore Store { get; }

    [Fact]
    public async Task Ping_WithTheStoreInReach_Succeeds() => await Store.PingAsync(CancellationToken.None).Soon();

    [Fact]
    public async Task Announce_ForTheFirstTime_SaysThatTheStoreHadNoEntry() => Assert.False(await AnnounceAsync(One));

    [Fact]
    public async Task Announce_Repeated_SaysThatTheStoreHadTheEntry()
    {
        await AnnounceAsync(One);

        Assert.True(await AnnounceAsync(One));
    }

    [Fact]
    public async Task Announce_OfANewRun_TakesTheFormerRunsPlace()
    {
        ConnectorAddress restarted = One with { Epoch = One.Epoch + 1 };
        await AnnounceAsync(One);

        Assert.False(await AnnounceAsync(restarted));
        Assert.Equal(restarted, (await FindConnectorAsync("one"))?.Address);
    }

    [Fact]
    public async Task Announce_OfAnEarlierRun_LeavesTheNewerOne()
    {
        ConnectorAddress restarted = One with { Epoch = One.Epoch + 1 };
        await AnnounceAsync(restarted);

        Assert.True(await AnnounceAsync(One, draining: true));
        Assert.Equal([new(restarted, 0, false)], await ListAsync());
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(int.MaxValue, true)]
    public async Task Announce_WithLoadAndDrain_IsFoundAsItWasSaid(int sessions, bool draining)
    {
        ConnectorStatus status = new(One, sessions, draining);

        await Store.AnnounceAsync(status, CancellationToken.None).Soon();

        Assert.Equal(status, await FindConnectorAsync("one"));
        Assert.Equal([status], await ListAsync());
    }

    [Fact]
    public async Task Announce_WithNewLoad_ReplacesTheFormer()
    {
        await AnnounceAsync(One, sessions: 7);
        await AnnounceAsync(One, sessions: 3, draining: true);

        Assert.Equal([new ConnectorStatus(One, 3, true)], await ListAsync());
    }

    [Theory]
    [InlineData("a.b_c-D9", 0, "http://127.0.0.1:80/")]
    [InlineData("x", long.MaxValue, "https://[::1]:8443/")]
    [InlineData("x", 1, "http://connector.internal:8080/behind/a%20path?and=a|bar")]
    public async Task Addresses_OfEveryKind_ComeBackAsTheyWereWritten(string name, long epoch, string url)
    {
        ConnectorAddress address = new(name, epoch, new Uri(url));
        SessionId session = SessionId.New();

        await AnnounceAsync(address);
        await ClaimAsync(session, address);

        Assert.Equal(address, (await FindConnectorAsync(name))?.Address);
        Assert.Equal(address, await FindRouteAsync(session));
    }

    [Fact]
    public async Task ListConnectors_WithNone_IsEmpty() => Assert.Empty(await ListAsync());

    [Fact]
    public async Task ListConnectors_WithSeveral_ListsEach()
    {
        await AnnounceAsync(One, sessions: 1);
        await AnnounceAsync(Two, sessions: 2);

        Assert.Equal([new(One, 1, false), new(Two, 2, false)], (await ListAsync()).OrderBy(status => status.Address.Name));
    }

    [Fact]
    public async Task FindRun_OfTheRunThatAnnouncedItself_Lives()
    {
        await AnnounceAsync(One);

        Assert.Equal(RunState.Lives, await FindRunAsync(One));
    }

    [Fact]
    public async Task FindRun_OfAnEarlierOrAWithdrawnRun_HasEnded()
    {
        await AnnounceAsync(One);
        Assert.Equal(RunState.Ended, await FindRunAsync(One with { Epoch = One.Epoch - 1 }));

        await Store.WithdrawAsync(One, CancellationToken.None).Soon();
        Assert.Equal(RunState.Ended, await FindRunAsync(One));
    }

    [Fact]
    public async Task Withdraw_OfTheLiveRun_RemovesIt()
    {
        await AnnounceAsync(One);
        await AnnounceAsync(Two);

        await Store.WithdrawAsync(One, CancellationToken.None).Soon();

        Assert.Null(await FindConnectorAsync("one"));
        Assert.Equal([Two], (await ListAsync()).Select(status => status.Address));
        Assert.False(await AnnounceAsync(One));
    }

    [Fact]
    public async Task Withdraw_OfAnEarlierRun_LeavesTheLiveOne()
    {
        await AnnounceAsync(One with { Epoch = One.Epoch + 1 });

        await Store.WithdrawAsync(One, CancellationToken.None).Soon();

        Assert.NotNull(await FindConnectorAsync("one"));
    }

    [Fact]
    public async Task Withdraw_OfAnUnknownConnector_DoesNothing() => await Store.WithdrawAsync(One, CancellationToken.None).Soon();

    [Fact]
    public async Task ClaimRoute_OfAFreeSession_WritesIt()
    {
        SessionId session = SessionId.New();

        Assert.Equal(One, await ClaimAsync(session, One));
        Assert.Equal(One, await FindRouteAsync(session));
    }

    [Fact]
    public async Task ClaimRoute_BySomebodyElse_ReturnsTheFirst()
    {
        SessionId session = SessionId.New();
        await ClaimAsync(session, One);

        Assert.Equal(One, await ClaimAsync(session, Two));
        Assert.Equal(One, await FindRouteAsync(session));
    }

    [Fact]
    public async Task ClaimRoute_RepeatedByTheSame_ReturnsItself()
    {
        SessionId session = SessionId.New();
        await ClaimAsync(session, One);

        Assert.Equal(One, await ClaimAsync(session, One));
    }

    [Fact]
    public async Task ClaimRoute_ByManyAtOnce_HasOneWinner()
    {
        SessionId session = SessionId.New();

        ConnectorAddress[] holders = await Task.WhenAll(Enumerable.Range(1, 50).Select(
            number => Task.Run(() => ClaimAsync(session, One with { Name = $"connector-{number}", Epoch = number })))).Soon();

        Assert.Single(holders.Distinct());
        Assert.Equal(holders[0], await FindRouteAsync(session));
    }

    [Fact]
    public async Task FindRoute_OfAnUnknownSession_IsNull() => Assert.Null(await FindRouteAsync(SessionId.New()));

    [Fact]
    public async Task RefreshRoutes_OfNone_DoesNothing() => await RefreshAsync([], One);

    [Fact]
    public async Task RefreshRoutes_OfUnknownSessions_WritesThem()
    {
        SessionId[] sessions = [.. Enumerable.Range(0, 2500).Select(_ => SessionId.New())];

        await RefreshAsync(sessions, One);

        ConnectorAddress?[] routes = await Task.WhenAll(sessions.Select(FindRouteAsync)).Soon();
        Assert.All(routes, route => Assert.Equal(One, route));
    }

    [Fact]
    public async Task RefreshRoutes_OfSessionsRoutedElsewhere_TakesThemOver()
    {
        SessionId session = SessionId.New();
        await ClaimAsync(session, One);

        await RefreshAsync([session], Two);

        Assert.Equal(Two, await FindRouteAsync(session));
    }

    [Fact]
    public async Task RemoveRoute_OfARoutedSession_FreesIt()
    {
        SessionId session = SessionId.New();
        await ClaimAsync(session, One);

        await Store.RemoveRouteAsync(session, CancellationToken.None).Soon();

        Assert.Null(await FindRouteAsync(session));
        Assert.Equal(Two, await ClaimAsync(session, Two));
    }

    [Fact]
    public async Task RemoveRoute_OfAnUnknownSession_DoesNothing() => await Store.RemoveRouteAsync(SessionId.New(), CancellationToken.None).Soon();

    protected Task<bool> AnnounceAsync(ConnectorAddress connector, int sessions = 0, bool draining = false) =>
        Store.AnnounceAsync(new ConnectorStatus(connector, sessions, draining), CancellationToken.None).Soon();

    protected async Task<ConnectorStatus?> FindConnectorAsync(string name) => (await ListAsync()).SingleOrDefault(status => status.Address.Name == name);

    protected Task<RunState> FindRunAsync(ConnectorAddress connector) => Store.FindRunAsync(connector, CancellationToken.None).Soon();

    protected Task<IReadOnlyList<ConnectorStatus>> ListAsync() => Store.ListConnectorsAsync(CancellationToken.None).Soon();

    protected Task<ConnectorAddress> ClaimAsync(SessionId session, ConnectorAddress connector) =>
        Store.ClaimRouteAsync(session, connector, CancellationToken.None).Soon();

    protected Task<ConnectorAddress?> FindRouteAsync(SessionId session) => Store.FindRouteAsync(session, CancellationToken.None).Soon();

    protected Task RefreshAsync(IReadOnlyCollection<SessionId> sessions, ConnectorAddress connector) =>
        Store.RefreshRoutesAsync(sessions, connector, CancellationToken.None).Soon();
}

public sealed class MemoryRoutingStoreTests : RoutingStoreConformance
{
    protected override IRoutingStore Store { get; } = new MemoryRoutingStore(TimeProvider.System, TimeSpan.FromMinutes(1));

    [Fact]
    public async Task Route_ThatIsNotRefreshed_EndsWithItsLease()
    {
        Microsoft.Extensions.Time.Testing.FakeTimeProvider time = new();
        MemoryRoutingStore store = new(time, TimeSpan.FromMinutes(1));
        ConnectorAddress connector = new("connector", 1, new Uri("http://127.0.0.1:1"));
        SessionId living = SessionId.New();
        SessionId ended = SessionId.New();
        await store.ClaimRouteAsync(living, connector, CancellationToken.None);
        await store.ClaimRouteAsync(ended, connector, CancellationToken.None);

        time.Advance(TimeSpan.FromSeconds(59));
        await store.RefreshRoutesAsync([living], connector, CancellationToken.None);
        Assert.Equal(connector, await store.FindRouteAsync(ended, CancellationToken.None));

        time.Advance(TimeSpan.FromSeconds(2));
        await store.RefreshRoutesAsync([living], connector, CancellationToken.None);
        Assert.Null(await store.FindRouteAsync(ended, CancellationToken.None));
        Assert.Equal(connector, await store.FindRouteAsync(living, CancellationToken.None));
    }
}
