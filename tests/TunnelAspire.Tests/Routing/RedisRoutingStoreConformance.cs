using StackExchange.Redis;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Routing;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Routing;

/// <summary>What holds of Redis alone: leases that end, and values that somebody else has written.</summary>
public abstract class RedisRoutingStoreConformance(RedisFixture fixture) : RoutingStoreConformance, IAsyncDisposable
{
    private readonly RedisStoreUnderTest _subject = new(fixture.Process);

    protected override IRoutingStore Store => _subject.Store;

    private IDatabase Redis => _subject.Redis;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _subject.DisposeAsync();
    }

    [Fact]
    public async Task Connector_WithoutHeartbeats_IsGoneAfterItsLease()
    {
        await AnnounceAsync(One);
        RequireLease(_subject.ConnectorKey("one"), RedisStoreUnderTest.ConnectorLease);

        await Waiting.UntilAsync(async () => (await ListAsync()).Count == 0, "the lease ends");

        Assert.Equal(RunState.Ended, await FindRunAsync(One));
        Assert.False(Redis.SetContains(_subject.Index, "one"));
    }

    [Fact]
    public async Task Connector_OfAStoreThatWasEmptied_IsUnknownUntilItAnnouncesItselfAgain()
    {
        await AnnounceAsync(One);
        Redis.KeyDelete([_subject.ConnectorKey("one"), _subject.RunKey("one")]);

        Assert.Equal(RunState.Unknown, await FindRunAsync(One));
        await AnnounceAsync(One);
        Assert.Equal(RunState.Lives, await FindRunAsync(One));
    }

    [Fact]
    public async Task Announce_BeforeTheLeaseEnds_RenewsIt()
    {
        await AnnounceAsync(One);
        Shorten(_subject.ConnectorKey("one"));

        await AnnounceAsync(One);

        RequireLease(_subject.ConnectorKey("one"), RedisStoreUnderTest.ConnectorLease);
    }

    [Fact]
    public async Task ClaimRoute_OfAFreeSession_WritesALease()
    {
        SessionId session = SessionId.New();

        await ClaimAsync(session, One);

        RequireLease(_subject.RouteKey(session), RedisStoreUnderTest.RouteLease);
    }

    [Fact]
    public async Task ClaimRoute_AfterTheLease_GoesToWhoeverComes()
    {
        SessionId session = SessionId.New();
        await ClaimAsync(session, One);
        Redis.KeyExpire(_subject.RouteKey(session), TimeSpan.FromMilliseconds(20));

        await Waiting.UntilAsync(async () => await FindRouteAsync(session) is null, "the route's lease ends");

        Assert.Equal(Two, await ClaimAsync(session, Two));
    }

    [Fact]
    public async Task RefreshRoutes_BeforeTheLeaseEnds_RenewsIt()
    {
        SessionId session = SessionId.New();
        await ClaimAsync(session, One);
        Shorten(_subject.RouteKey(session));

        await RefreshAsync([session], One);

        RequireLease(_subject.RouteKey(session), RedisStoreUnderTest.RouteLease);
    }

    [Fact]
    public async Task Store_ThatWasEmptied_IsFilledAgain()
    {
        SessionId session = SessionId.New();
        await AnnounceAsync(One);
        await ClaimAsync(session, One);

        await Redis.ExecuteAsync("FLUSHDB");
        Assert.Null(await FindRouteAsync(session));
        Assert.False(await AnnounceAsync(One));
        await RefreshAsync([session], One);

        Assert.Equal([One], (await ListAsync()).Select(status => status.Address));
        Assert.Equal(One, await FindRouteAsync(session));
    }

    private static async Task RequireAbsentOrReportedAsync<T>(Func<Task<T?>> find)
        where T : class
    {
        T? found = null;
        Exception? reported = await Record.ExceptionAsync(async () => found = await find());

        Assert.Null(found);
        Assert.True(reported is null or RoutingUnavailableException, $"{reported}");
    }

    private void Shorten(RedisKey key) => Redis.KeyExpire(key, TimeSpan.FromSeconds(1));

    /// <summary>The key lives for the lease from now on: not for ever, and not for less than half of it.</summary>
    private void RequireLease(RedisKey key, TimeSpan lease) => Assert.InRange(Redis.KeyTimeToLive(key) ?? TimeSpan.MaxValue, lease / 2 + TimeSpan.FromTicks(1), lease);

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("|||")]
    [InlineData("1|2|0")]
    [InlineData("-1|2|0|http://127.0.0.1:1/")]
    [InlineData("1|-2|0|http://127.0.0.1:1/")]
    [InlineData("1|2147483648|0|http://127.0.0.1:1/")]
    [InlineData("9223372036854775808|2|0|http://127.0.0.1:1/")]
    [InlineData("1|2|0|not a url")]
    public async Task Connector_WithAForeignValue_CountsAsAbsent(string value)
    {
        Redis.StringSet(_subject.ConnectorKey("one"), value);
        Redis.SetAdd(_subject.Index, "one");

        Assert.Null(await FindConnectorAsync("one"));
        Assert.Empty(await ListAsync());
        Assert.False(await AnnounceAsync(One));
        Assert.Equal(One, (await FindConnectorAsync("one"))?.Address);
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("|1|http://127.0.0.1:1/")]
    [InlineData("one|x|http://127.0.0.1:1/")]
    [InlineData("one|1|not a url")]
    public async Task Route_WithAForeignValue_CountsAsAbsentAndCannotBeClaimed(string value)
    {
        SessionId session = SessionId.New();
        Redis.StringSet(_subject.RouteKey(session), value);

        Assert.Null(await FindRouteAsync(session));
        await Assert.ThrowsAsync<RoutingUnavailableException>(() => ClaimAsync(session, One));
        await RefreshAsync([session], One);
        Assert.Equal(One, await FindRouteAsync(session));
    }

    [Fact]
    public async Task Route_WithBytesThatAreNoText_CountsAsAbsent()
    {
        SessionId session = SessionId.New();
        Redis.StringSet(_subject.RouteKey(session), new byte[] { 0xFF, 0xFE, 0, (byte)'|', 0xC3 });

        Assert.Null(await FindRouteAsync(session));
    }

    // Redis refuses to read another type as a string. Garnet keeps lists apart from strings, and finds nothing.
    [Fact]
    public async Task Route_OfAnotherType_IsAbsentOrReported()
    {
        SessionId session = SessionId.New();
        Redis.ListRightPush(_subject.RouteKey(session), "foreign");

        await RequireAbsentOrReportedAsync(() => FindRouteAsync(session));
    }

    [Fact]
    public async Task Connector_OfAnotherType_IsAbsentOrReported()
    {
        Redis.ListRightPush(_subject.ConnectorKey("one"), "foreign");
        Redis.SetAdd(_subject.Index, "one");

        await RequireAbsentOrReportedAsync(() => FindConnectorAsync("one"));
    }

    [Fact]
    public async Task Index_OfAnotherType_IsReported()
    {
        Redis.ListRightPush(_subject.Index, "foreign");

        await Assert.ThrowsAsync<RoutingUnavailableException>(ListAsync);
        await Assert.ThrowsAsync<RoutingUnavailableException>(() => AnnounceAsync(One));
    }

    [Fact]
    public async Task Index_WithANameThatHasNoEntry_IsPruned()
    {
        Redis.SetAdd(_subject.Index, ["gone", "", "a|b"]);
        await AnnounceAsync(One);

        Assert.Equal([One], (await ListAsync()).Select(status => status.Address));
        Assert.Equal(["one"], Redis.SetMembers(_subject.Index));
    }
}

public sealed class RedisServerRoutingStoreTests(ServerFixture fixture) : RedisRoutingStoreConformance(fixture), IClassFixture<ServerFixture>;

public sealed class GarnetRoutingStoreTests(GarnetFixture fixture) : RedisRoutingStoreConformance(fixture), IClassFixture<GarnetFixture>;
