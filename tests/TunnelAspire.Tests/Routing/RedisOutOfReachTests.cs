using System.Diagnostics;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Routing;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Routing;

/// <summary>Redis goes, and comes back: callers are told in time, and nobody has to do anything for it to work again.</summary>
public abstract class RedisOutOfReachConformance(Func<Task<RedisProcess>> start) : IAsyncLifetime
{
    private static readonly ConnectorAddress Connector = new("one", 1000, new Uri("http://127.0.0.1:5001"));

    private readonly SessionId _session = SessionId.New();
    private RedisProcess _redis = null!;
    private RedisStoreUnderTest _subject = null!;

    private IRoutingStore Store => _subject.Store;

    public async ValueTask InitializeAsync()
    {
        _redis = await start();
        _subject = new RedisStoreUnderTest(_redis);
        await Store.PingAsync(CancellationToken.None).Soon();
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _subject.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task Commands_OnceRedisIsKilled_FailInTimeUntilItIsBack()
    {
        await Store.ClaimRouteAsync(_session, Connector, CancellationToken.None).Soon();
        await _redis.KillAsync();

        await RequireUnavailableAsync();

        await _redis.StartAsync();
        await RequireRecoveryAsync();
        Assert.Null(await Store.FindRouteAsync(_session, CancellationToken.None).Soon());
        Assert.False(await Store.AnnounceAsync(new(Connector, 0, false), CancellationToken.None).Soon());
    }

    [Fact]
    public async Task Commands_WhileRedisIsFrozen_FailInTimeUntilItGoesOn()
    {
        await Store.ClaimRouteAsync(_session, Connector, CancellationToken.None).Soon();
        _redis.Freeze();

        await RequireUnavailableAsync();

        _redis.Thaw();
        await RequireRecoveryAsync();
    }

    [Fact]
    public async Task Run_WhoseLeaseEndedWhileRedisWasFrozen_IsUnknown()
    {
        await Store.AnnounceAsync(new(Connector, 0, false), CancellationToken.None).Soon();
        _redis.Freeze();
        await RequireUnavailableAsync();
        _redis.Thaw();
        await RequireRecoveryAsync();

        // Meanwhile it may live for another lease: an announcement that was given up may have been on its way.
        List<RunState> states = [];
        await Waiting.UntilAsync(
            async () =>
            {
                states.Add(await Store.FindRunAsync(Connector, CancellationToken.None));
                return states[^1] != RunState.Lives;
            },
            "the lease ends");

        Assert.Equal(RunState.Unknown, states[^1]);
    }

    [Fact]
    public async Task Commands_WhileRedisIsKnownToBeAway_DoNotWaitForIt()
    {
        _redis.Freeze();
        await Waiting.UntilAsync(async () => !await AnswersAsync(Store), "all of Redis stands still");
        for (int i = 0; i < 100; i++)
        {
            Task<ConnectorAddress?> find = Store.FindRouteAsync(_session, CancellationToken.None);
            Assert.True(find.IsFaulted);
            await Assert.ThrowsAsync<RoutingUnavailableException>(() => find);
        }

        _redis.Thaw();
        await RequireRecoveryAsync();
        Assert.Null(await Store.FindRouteAsync(_session, CancellationToken.None).Soon());
    }

    [Fact]
    public async Task Store_StartedBeforeRedis_WorksOnceRedisIsThere()
    {
        await _redis.KillAsync();
        await using RedisStoreUnderTest early = new(_redis);
        await Assert.ThrowsAsync<RoutingUnavailableException>(() => early.Store.PingAsync(CancellationToken.None).Soon());

        await _redis.StartAsync();

        await Waiting.UntilAsync(() => AnswersAsync(early.Store), "the store finds Redis");
    }

    [Fact]
    public async Task Command_WhoseCallerGivesUp_EndsWithoutTheStoresVerdict()
    {
        using CancellationTokenSource caller = new();
        _redis.Freeze();
        Task<ConnectorAddress?> waiting = Store.FindRouteAsync(_session, caller.Token);

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Soon());
    }

    /// <summary>Every method says so, all asked at once; none takes much longer than the command time-out.</summary>
    private async Task RequireUnavailableAsync()
    {
        Func<Task>[] commands =
        [
            () => Store.PingAsync(CancellationToken.None),
            () => Store.AnnounceAsync(new(Connector, 0, false), CancellationToken.None),
            () => Store.WithdrawAsync(Connector, CancellationToken.None),
            () => Store.ListConnectorsAsync(CancellationToken.None),
            () => Store.FindRunAsync(Connector, CancellationToken.None),
            () => Store.ClaimRouteAsync(_session, Connector, CancellationToken.None),
            () => Store.FindRouteAsync(_session, CancellationToken.None),
            () => Store.RefreshRoutesAsync([_session], Connector, CancellationToken.None),
            () => Store.RemoveRouteAsync(_session, CancellationToken.None),
        ];
        long begun = Stopwatch.GetTimestamp();

        await Task.WhenAll(commands.Select(command => Assert.ThrowsAsync<RoutingUnavailableException>(() => command().Soon())));

        TimeSpan busyMachine = TimeSpan.FromSeconds(2);
        Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.Zero, RedisStoreUnderTest.CommandTimeout + busyMachine);
    }

    private Task RequireRecoveryAsync() => Waiting.UntilAsync(() => AnswersAsync(Store), "the store answers again");

    private static async Task<bool> AnswersAsync(IRoutingStore store)
    {
        try
        {
            await store.PingAsync(CancellationToken.None).Soon();
            return true;
        }
        catch (RoutingUnavailableException)
        {
            return false;
        }
    }
}

public sealed class RedisServerOutOfReachTests() : RedisOutOfReachConformance(RedisProcess.StartServerAsync);

public sealed class GarnetOutOfReachTests() : RedisOutOfReachConformance(RedisProcess.StartGarnetAsync);
