using System.Collections.Concurrent;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Routing;

/// <summary>Routes in memory, for relay and connector in one process. Connectors do not expire: the process's end is theirs too.</summary>
/// <param name="time">The clock.</param>
/// <param name="lease">How long a route stands that is not refreshed; what is older goes with the next refresh of the others.</param>
public sealed class MemoryRoutingStore(TimeProvider time, TimeSpan lease) : IRoutingStore
{
    private sealed record Route(ConnectorAddress Connector, long WrittenAt);

    private readonly ConcurrentDictionary<string, ConnectorStatus> _connectors = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<SessionId, Route> _routes = new();

    /// <inheritdoc/>
    public Task<bool> AnnounceAsync(ConnectorStatus status, CancellationToken cancellationToken)
    {
        long? standing = _connectors.GetValueOrDefault(status.Address.Name)?.Address.Epoch;
        if (!(standing > status.Address.Epoch))
        {
            _connectors[status.Address.Name] = status;
        }

        return Task.FromResult(standing >= status.Address.Epoch);
    }

    /// <inheritdoc/>
    public Task WithdrawAsync(ConnectorAddress connector, CancellationToken cancellationToken)
    {
        if (_connectors.TryGetValue(connector.Name, out ConnectorStatus? status) && status.Address.Epoch == connector.Epoch)
        {
            _connectors.TryRemove(new(connector.Name, status));
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<ConnectorStatus>> ListConnectorsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ConnectorStatus>>([.. _connectors.Values]);

    /// <inheritdoc/>
    public Task<RunState> FindRunAsync(ConnectorAddress connector, CancellationToken cancellationToken) => Task.FromResult(
        _connectors.GetValueOrDefault(connector.Name)?.Address.Epoch == connector.Epoch ? RunState.Lives : RunState.Ended);

    /// <inheritdoc/>
    public Task<ConnectorAddress> ClaimRouteAsync(SessionId session, ConnectorAddress connector, CancellationToken cancellationToken) =>
        Task.FromResult(_routes.GetOrAdd(session, new Route(connector, time.GetTimestamp())).Connector);

    /// <inheritdoc/>
    public Task<ConnectorAddress?> FindRouteAsync(SessionId session, CancellationToken cancellationToken) =>
        Task.FromResult(_routes.GetValueOrDefault(session)?.Connector);

    /// <inheritdoc/>
    public Task RefreshRoutesAsync(IReadOnlyCollection<SessionId> sessions, ConnectorAddress connector, CancellationToken cancellationToken)
    {
        foreach (SessionId session in sessions)
        {
            _routes[session] = new Route(connector, time.GetTimestamp());
        }

        foreach ((SessionId session, Route route) in _routes)
        {
            if (time.GetElapsedTime(route.WrittenAt) > lease)
            {
                _routes.TryRemove(new(session, route));
            }
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task RemoveRouteAsync(SessionId session, CancellationToken cancellationToken)
    {
        _routes.TryRemove(session, out _);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task PingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
