using System.Diagnostics.Metrics;

namespace TunnelAspire.Http.Limits;

/// <summary>The instruments of what relay and connector share, meter <c>TunnelAspire.Server</c>; docs/operations.md explains each.</summary>
public sealed class LimitMetrics
{
    private readonly Counter<long> _refused;

    /// <summary>Creates the instruments.</summary>
    public LimitMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create("TunnelAspire.Server");
        _refused = meter.CreateCounter<long>("tunnel.limits.refused", "{request}", "Requests and connections that a limit has refused, by limit");
        meter.CreateObservableUpDownCounter("tunnel.server.buffers.bytes", () => RoomyBuffers.Rented, "By", "Memory that the web server holds for requests and answers");
    }

    /// <summary>A limit has refused something.</summary>
    public void Refused(string limit) => _refused.Add(1, new KeyValuePair<string, object?>("limit", limit));
}
