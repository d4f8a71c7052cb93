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

    private readonly Counter<long> _auditLost;

    /// <summary>Creates the instruments.</summary>
    public ConnectorMetrics(IMeterFactory meters, StreamBudget budget)
    {
        Meter meter = meters.Create(Name);
        Sessions = new SessionMeter(meter);
        BudgetMeter.Observe(meter, budget);
        _auditLost = meter.CreateCounter<long>("tunnel.audit.lost", "{record}", "Audit records that could not be written, or not to the file");
    }

    /// <summary>Counts sessions and their bytes.</summary>
    public SessionMeter Sessions { get; }

    /// <summary>Audit records could not be written, or not to the file.</summary>
    public void AuditLost(long records) => _auditLost.Add(records);
}
