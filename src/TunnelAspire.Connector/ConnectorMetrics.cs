using System.Diagnostics;
using System.Diagnostics.Metrics;
using TunnelAspire.Protocol.Metering;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Connector;

/// <summary>The connector's instruments, meter <c>TunnelAspire.Connector</c>; docs/operations.md explains each.</summary>
public sealed class ConnectorMetrics
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "TunnelAspire.Connector";

    /// <summary>Makes spans: one for each session's life at the connector.</summary>
    public static readonly ActivitySource Traces = new(Name);

    /// <summary>Creates the instruments.</summary>
    public ConnectorMetrics(IMeterFactory meters, StreamBudget budget)
    {
        Meter meter = meters.Create(Name);
        Sessions = new SessionMeter(meter);
        BudgetMeter.Observe(meter, budget);
    }

    /// <summary>Counts sessions and their bytes.</summary>
    public SessionMeter Sessions { get; }
}
