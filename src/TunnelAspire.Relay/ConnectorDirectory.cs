using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Routing;

namespace TunnelAspire.Relay;

/// <summary>The live connectors, as the routing store showed them at most a moment ago.</summary>
public sealed class ConnectorDirectory(IRoutingStore store, TimeProvider time) : IHealthCheck
{
    private static readonly TimeSpan Freshness = TimeSpan.FromMilliseconds(500);

    private sealed record Snapshot(IReadOnlyList<ConnectorStatus> Connectors, long TakenAt);

    private static readonly TimeSpan Avoidance = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<ConnectorAddress, long> _avoided = new();
    private Snapshot? _snapshot;

    /// <summary>The less loaded of two random connectors that take new sessions.</summary>
    /// <exception cref="TunnelException"><see cref="TunnelError.NoConnector"/>: there is none.</exception>
    public async Task<ConnectorAddress> ChooseAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<ConnectorStatus> live = await ListAsync(cancellationToken);
        if (live is [{ Draining: false } only])
        {
            return only.Address;
        }

        ConnectorStatus[] open = [.. live.Where(connector => !connector.Draining)];
        if (open.Length == 0)
        {
            throw new TunnelException(TunnelError.NoConnector, "no live connector takes new sessions");
        }

        ConnectorStatus[] answering = [.. open.Where(connector => !IsAvoided(connector.Address))];
        open = answering.Length > 0 ? answering : open;
        ConnectorStatus first = open[Random.Shared.Next(open.Length)];
        ConnectorStatus second = open[Random.Shared.Next(open.Length)];
        return (first.Sessions <= second.Sessions ? first : second).Address;
    }

    /// <summary>The connector does not answer: others are preferred for as long as a dead one may still be registered.</summary>
    public void Avoid(ConnectorAddress connector)
    {
        foreach (ConnectorAddress former in _avoided.Keys)
        {
            _ = IsAvoided(former); // forgets it where its time is over
        }

        _avoided[connector] = time.GetTimestamp();
    }

    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            int live = (await ListAsync(cancellationToken)).Count;
            return live > 0 ? HealthCheckResult.Healthy($"{live} live") : HealthCheckResult.Unhealthy("no live connector");
        }
        catch (RoutingUnavailableException e)
        {
            return HealthCheckResult.Unhealthy(e.Message);
        }
    }

    private bool IsAvoided(ConnectorAddress connector)
    {
        if (!_avoided.TryGetValue(connector, out long since))
        {
            return false;
        }

        bool avoided = time.GetElapsedTime(since) < Avoidance;
        if (!avoided)
        {
            _avoided.TryRemove(new(connector, since));
        }

        return avoided;
    }

    private async Task<IReadOnlyList<ConnectorStatus>> ListAsync(CancellationToken cancellationToken)
    {
        Snapshot? snapshot = Volatile.Read(ref _snapshot);
        if (snapshot is null || snapshot.Connectors.Count == 0 || time.GetElapsedTime(snapshot.TakenAt) > Freshness)
        {
            snapshot = new Snapshot(await store.ListConnectorsAsync(cancellationToken), time.GetTimestamp());
            Volatile.Write(ref _snapshot, snapshot);
        }

        return snapshot.Connectors;
    }
}
