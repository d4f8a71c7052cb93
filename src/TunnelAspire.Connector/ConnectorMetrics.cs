using System.Diagnostics;
using System.Diagnostics.Metrics;
using TunnelAspire.Connector.Sessions;

namespace TunnelAspire.Connector;

/// <summary>The connector's instruments, meter <c>TunnelAspire.Connector</c>; docs/operations.md explains each.</summary>
public sealed class ConnectorMetrics
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "TunnelAspire.Connector";

    /// <summary>Makes spans: one for each session's life at the connector.</summary>
    public static readonly ActivitySource Traces = new(Name);

    private readonly UpDownCounter<int> _open;
    private readonly Counter<long> _opened;
    private readonly Counter<long> _ended;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _retransmitted;
    private readonly Histogram<double> _openLatency;

    /// <summary>Creates the instruments.</summary>
    public ConnectorMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(Name);
        _open = meter.CreateUpDownCounter<int>("tunnel.sessions.open", "{session}", "Sessions that are open");
        _opened = meter.CreateCounter<long>("tunnel.sessions.opened", "{session}", "Sessions opened");
        _ended = meter.CreateCounter<long>("tunnel.sessions.ended", "{session}", "Sessions ended, by reason");
        _bytes = meter.CreateCounter<long>("tunnel.bytes", "By", "Bytes carried, by direction");
        _retransmitted = meter.CreateCounter<long>("tunnel.bytes.retransmitted", "By", "Bytes handed out more than once");
        _openLatency = meter.CreateHistogram<double>("tunnel.open.duration", "s", "Time from the open request to the connected target");
    }

    internal void Opened(TimeSpan took)
    {
        _open.Add(1);
        _opened.Add(1);
        _openLatency.Record(took.TotalSeconds);
    }

    internal void Ended(TargetSession session, SessionEndReason reason)
    {
        _open.Add(-1);
        _ended.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));
        _retransmitted.Add(session.End.Sending.Resent);
    }

    internal void Up(long bytes) => _bytes.Add(bytes, new KeyValuePair<string, object?>("direction", "up"));

    internal void Down(long bytes) => _bytes.Add(bytes, new KeyValuePair<string, object?>("direction", "down"));
}
