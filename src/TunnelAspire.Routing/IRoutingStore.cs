using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Routing;

/// <summary>
/// Where sessions live. Two implementations: Redis, and memory for relay and connector in one process. Every method throws
/// <see cref="RoutingUnavailableException"/> where the store is out of reach.
/// </summary>
public interface IRoutingStore
{
    /// <summary>
    /// Publishes a heartbeat, good for the connector lease. Where a newer run of the same name has taken over, its entry stays: this one drains.
    /// </summary>
    /// <returns>False if the store had no entry of this run, nor of a newer one: it may have lost the routes, which must be restored.</returns>
    Task<bool> AnnounceAsync(ConnectorStatus status, CancellationToken cancellationToken);

    /// <summary>This run of the connector is over.</summary>
    Task WithdrawAsync(ConnectorAddress connector, CancellationToken cancellationToken);

    /// <summary>The connectors whose lease has not ended.</summary>
    Task<IReadOnlyList<ConnectorStatus>> ListConnectorsAsync(CancellationToken cancellationToken);

    /// <summary>Whether that run of a connector lives.</summary>
    Task<RunState> FindRunAsync(ConnectorAddress connector, CancellationToken cancellationToken);

    /// <summary>Writes the session's route if it has none, good for the route lease; returns the route that then stands.</summary>
    Task<ConnectorAddress> ClaimRouteAsync(SessionId session, ConnectorAddress connector, CancellationToken cancellationToken);

    /// <summary>The session's route, or null.</summary>
    Task<ConnectorAddress?> FindRouteAsync(SessionId session, CancellationToken cancellationToken);

    /// <summary>Writes the routes anew, each with a full lease.</summary>
    Task RefreshRoutesAsync(IReadOnlyCollection<SessionId> sessions, ConnectorAddress connector, CancellationToken cancellationToken);

    /// <summary>The session is over.</summary>
    Task RemoveRouteAsync(SessionId session, CancellationToken cancellationToken);

    /// <summary>Asks the store for a sign of life.</summary>
    Task PingAsync(CancellationToken cancellationToken);
}

/// <summary>The routing store is out of reach: nothing is known about routes now.</summary>
public sealed class RoutingUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
