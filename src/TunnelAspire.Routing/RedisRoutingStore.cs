using Microsoft.Extensions.Options;
using StackExchange.Redis;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Routing;

/// <summary>Routes in Redis.</summary>
/// <remarks>
/// Keys, each with the prefix (default <c>tunnelaspire:</c>):
/// <list type="bullet">
/// <item><c>connectors</c>: set of the names that have announced themselves; names without an entry are pruned when listed.</item>
/// <item><c>connector:NAME</c>: string <c>epoch|sessions|draining|url</c>, expires after the connector lease.</item>
/// <item><c>run:NAME</c>: string <c>epoch</c> of the run that announced itself last, expires ten minutes after that: where the entry is missing, it tells a connector that is dead from a store that has been emptied.</item>
/// <item><c>route:SESSION</c>: string <c>name|epoch|url</c>, expires after the route lease; written with NX, so that the first opener wins.</item>
/// </list>
/// With a cluster key both end with <c>|seal=…</c>, its signature of what stands before; what has none counts as absent.
/// Nothing else is kept, and all of it can be lost: the next heartbeats write it again. No scripts, and no
/// command of several keys: it runs on Garnet and on a Redis cluster as on redis-server.
/// </remarks>
public sealed class RedisRoutingStore(IConnectionMultiplexer redis, IOptions<RoutingOptions> options, ClusterKeys keys) : IRoutingStore
{
    private const int RefreshBatch = 1000;
    private const int Lately = 10_000; // milliseconds: connectors are back in the store by then
    private const int Unproven = 2000; // milliseconds in which a process that has just begun knows nothing
    private const int Slow = 500; // milliseconds: whoever waited so long for an answer may have waited for the store's return
    private static readonly TimeSpan RunMemory = TimeSpan.FromMinutes(10);

    private readonly RoutingOptions _options = options.Value;
    private readonly RoutingText _text = new(keys);
    private long _outOfReachAt = long.MinValue / 2; // in milliseconds since the system started
    private volatile bool _away;

    private RedisKey Index => _options.KeyPrefix + "connectors";

    /// <inheritdoc/>
    public Task<bool> AnnounceAsync(ConnectorStatus status, CancellationToken cancellationToken) => RunAsync(async db =>
    {
        RedisKey key = ConnectorKey(status.Address.Name);
        long? standing = _text.ReadStatus(status.Address.Name, await db.StringGetAsync(key))?.Address.Epoch;
        if (standing > status.Address.Epoch)
        {
            return true;
        }

        await Task.WhenAll(
            db.StringSetAsync(RunKey(status.Address.Name), WireText.Format(status.Address.Epoch), RunMemory),
            db.StringSetAsync(key, _text.Write(status), _options.ConnectorLease),
            db.SetAddAsync(Index, status.Address.Name));
        return standing == status.Address.Epoch;
    }, cancellationToken, tries: true);

    /// <inheritdoc/>
    public Task WithdrawAsync(ConnectorAddress connector, CancellationToken cancellationToken) => RunAsync(async db =>
    {
        RedisKey key = ConnectorKey(connector.Name);
        RedisValue former = await db.StringGetAsync(key);
        return _text.ReadStatus(connector.Name, former)?.Address.Epoch == connector.Epoch && await db.KeyDeleteAsync(key);
    }, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ConnectorStatus>> ListConnectorsAsync(CancellationToken cancellationToken) => RunAsync<IReadOnlyList<ConnectorStatus>>(async db =>
    {
        RedisValue[] names = await db.SetMembersAsync(Index);
        RedisValue[] entries = await Task.WhenAll(names.Select(name => EntryAsync(db, name!)));
        List<ConnectorStatus> live = [];
        for (int i = 0; i < names.Length; i++)
        {
            if (_text.ReadStatus(names[i]!, entries[i]) is { } status)
            {
                live.Add(status);
            }
            else
            {
                await db.SetRemoveAsync(Index, names[i]);
            }
        }

        return live;
    }, cancellationToken);

    /// <inheritdoc/>
    public Task<RunState> FindRunAsync(ConnectorAddress connector, CancellationToken cancellationToken) => RunAsync(async db =>
    {
        Task<RedisValue> entry = db.StringGetAsync(ConnectorKey(connector.Name));
        Task<bool> announced = db.KeyExistsAsync(RunKey(connector.Name));
        return (_text.ReadStatus(connector.Name, await entry)?.Address.Epoch, await announced) switch
        {
            (null, false) => RunState.Unknown,
            (null, _) when OutOfReachLately => RunState.Unknown, // its lease ended while nobody could renew it
            (var epoch, _) when epoch == connector.Epoch => RunState.Lives,
            _ => RunState.Ended,
        };
    }, cancellationToken);

    /// <inheritdoc/>
    public Task<ConnectorAddress> ClaimRouteAsync(SessionId session, ConnectorAddress connector, CancellationToken cancellationToken) => RunAsync(async db =>
    {
        RedisKey key = RouteKey(session);
        if (await db.StringSetAsync(key, _text.Write(connector), _options.RouteLease, When.NotExists))
        {
            return connector;
        }

        return _text.ReadRoute(await db.StringGetAsync(key)) ?? throw new RoutingUnavailableException($"the route of {session.Prefix} has just expired, or is none");
    }, cancellationToken);

    /// <inheritdoc/>
    public Task<ConnectorAddress?> FindRouteAsync(SessionId session, CancellationToken cancellationToken) =>
        RunAsync(async db => _text.ReadRoute(await db.StringGetAsync(RouteKey(session))), cancellationToken);

    /// <inheritdoc/>
    public async Task RefreshRoutesAsync(IReadOnlyCollection<SessionId> sessions, ConnectorAddress connector, CancellationToken cancellationToken)
    {
        RedisValue route = _text.Write(connector);
        foreach (SessionId[] batch in sessions.Chunk(RefreshBatch))
        {
            await RunAsync(db => Task.WhenAll(batch.Select(session => db.StringSetAsync(RouteKey(session), route, _options.RouteLease))), cancellationToken);
        }
    }

    /// <inheritdoc/>
    public Task RemoveRouteAsync(SessionId session, CancellationToken cancellationToken) =>
        RunAsync(db => db.KeyDeleteAsync(RouteKey(session)), cancellationToken);

    /// <inheritdoc/>
    public Task PingAsync(CancellationToken cancellationToken) => RunAsync(db => db.PingAsync(), cancellationToken, tries: true);

    /// <summary>The process has just begun, and does not know yet whether the store was there a moment ago.</summary>
    internal void Begin() => Volatile.Write(ref _outOfReachAt, Environment.TickCount64 - Lately + Unproven);

    /// <summary>Whether the last command has failed. Until one succeeds, only those that try the store are sent: all others fail at once, and wait for no timeout.</summary>
    internal bool Away => _away;

    private bool OutOfReachLately => Environment.TickCount64 - Volatile.Read(ref _outOfReachAt) < Lately;

    private RedisKey ConnectorKey(string name) => $"{_options.KeyPrefix}connector:{name}";

    private RedisKey RunKey(string name) => $"{_options.KeyPrefix}run:{name}";

    private RedisKey RouteKey(SessionId session) => $"{_options.KeyPrefix}route:{session}";

    /// <summary>A connector's entry; what somebody else has put in its place counts as none.</summary>
    private async Task<RedisValue> EntryAsync(IDatabase db, string name)
    {
        try
        {
            return await db.StringGetAsync(ConnectorKey(name));
        }
        catch (RedisServerException e) when (e.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal))
        {
            return RedisValue.Null;
        }
    }

    /// <summary>The one place where the client's failures become ours.</summary>
    private async Task<T> RunAsync<T>(Func<IDatabase, Task<T>> command, CancellationToken cancellationToken, bool tries = false)
    {
        if (_away && !tries)
        {
            throw new RoutingUnavailableException("Redis is out of reach");
        }

        long begun = Environment.TickCount64;
        try
        {
            T result = await command(redis.GetDatabase()).WaitAsync(_options.CommandTimeout, cancellationToken);
            _away = false;
            if (Environment.TickCount64 - begun > Slow)
            {
                Volatile.Write(ref _outOfReachAt, Environment.TickCount64);
            }

            return result;
        }
        catch (Exception e) when (e is RedisException or TimeoutException or ObjectDisposedException)
        {
            _away = true;
            Volatile.Write(ref _outOfReachAt, Environment.TickCount64);
            throw new RoutingUnavailableException($"Redis is out of reach ({e.GetType().Name})", e);
        }
    }
}
