using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Routing;

namespace TunnelAspire.Relay;

/// <summary>Routes that this relay has looked up, bounded in number. A session never moves, so a route stays true until its session ends.</summary>
public sealed class RouteCache : IDisposable
{
    private static readonly TimeSpan Unused = TimeSpan.FromMinutes(5);

    private readonly IRoutingStore _store;
    private readonly MemoryCache? _cache; // where the store is in memory itself, there is none

    /// <summary>A cache in front of <paramref name="store"/>.</summary>
    public RouteCache(IRoutingStore store, IOptions<RoutingOptions> options)
    {
        _store = store;
        _cache = store is MemoryRoutingStore ? null : new MemoryCache(new MemoryCacheOptions { SizeLimit = options.Value.CachedRoutes });
    }

    /// <summary>The session's connector; null where no route is known.</summary>
    /// <exception cref="RoutingUnavailableException">It is not remembered, and the store is out of reach.</exception>
    public ValueTask<ConnectorAddress?> FindAsync(SessionId session, CancellationToken cancellationToken) =>
        _cache is null ? new(_store.FindRouteAsync(session, cancellationToken)) :
        _cache.TryGetValue(session, out ConnectorAddress? connector) ? ValueTask.FromResult(connector) :
        LookUpAsync(session, cancellationToken);

    /// <summary>The session is at this connector.</summary>
    public void Remember(SessionId session, ConnectorAddress connector) =>
        _cache?.Set(session, connector, new MemoryCacheEntryOptions { Size = 1, SlidingExpiration = Unused });

    /// <summary>The session is over.</summary>
    public void Forget(SessionId session) => _cache?.Remove(session);

    /// <summary>The route leads nowhere any more: forgotten here and in the store.</summary>
    public Task RemoveAsync(SessionId session, CancellationToken cancellationToken)
    {
        Forget(session);
        return _store.RemoveRouteAsync(session, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _cache?.Dispose();

    private async ValueTask<ConnectorAddress?> LookUpAsync(SessionId session, CancellationToken cancellationToken)
    {
        ConnectorAddress? connector = await _store.FindRouteAsync(session, cancellationToken);
        if (connector is not null)
        {
            Remember(session, connector);
        }

        return connector;
    }
}
