using System.Diagnostics.Metrics;
using TunnelAspire.Http1;

namespace TunnelAspire.Relay;

/// <summary>The relay's instruments, meter <c>TunnelAspire.Relay</c>.</summary>
public sealed class RelayMetrics
{
    private readonly UpDownCounter<int> _underWay;
    private readonly Counter<long> _requests;

    /// <summary>Creates the instruments.</summary>
    public RelayMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create("TunnelAspire.Relay");
        _underWay = meter.CreateUpDownCounter<int>("tunnel.relay.requests.active", "{request}", "Requests under way, parked ones included");
        meter.CreateObservableUpDownCounter("tunnel.client.connections", () => Http1Handler.Connections, "{connection}", "Connections in plain HTTP/1.1 that this process has made, in use or idle");
        meter.CreateObservableUpDownCounter("tunnel.client.lanes", () => Http1Handler.Lanes, "{lane}", "Lanes in those of them that requests share, in use or idle");
        _requests = meter.CreateCounter<long>("tunnel.relay.requests", "{request}", "Requests relayed, by status");
    }

    internal void Began() => _underWay.Add(1);

    internal void Ended(int status)
    {
        _underWay.Add(-1);
        _requests.Add(1, new KeyValuePair<string, object?>("status", status));
    }
}
