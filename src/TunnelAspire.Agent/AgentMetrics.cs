using System.Diagnostics;
using System.Diagnostics.Metrics;
using TunnelAspire.Agent.Sessions;

namespace TunnelAspire.Agent;

/// <summary>The agent's instruments, meter <c>TunnelAspire.Agent</c>; docs/operations.md explains each.</summary>
public sealed class AgentMetrics
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "TunnelAspire.Agent";

    /// <summary>Makes spans: one for each session, the root of its trace.</summary>
    public static readonly ActivitySource Traces = new(Name);

    private readonly Counter<long> _opened;
    private readonly Counter<long> _ended;
    private readonly Counter<long> _retries;
    private readonly Histogram<double> _openLatency;
    private readonly Histogram<double> _ackLag;

    // Guards the fields below: bytes are summed when somebody asks, not for each message.
    private readonly Lock _lock = new();
    private readonly HashSet<AgentSession> _open = [];
    private Totals _past;

    private readonly record struct Totals(long Up, long Down, long Resent)
    {
        public static Totals operator +(Totals a, AgentSession b) => new(a.Up + b.BytesUp, a.Down + b.BytesDown, a.Resent + b.BytesResent);
    }

    /// <summary>Creates the instruments.</summary>
    public AgentMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(Name);
        meter.CreateObservableUpDownCounter("tunnel.sessions.open", () => OpenCount, "{session}", "Sessions that are open");
        _opened = meter.CreateCounter<long>("tunnel.sessions.opened", "{session}", "Sessions opened");
        _ended = meter.CreateCounter<long>("tunnel.sessions.ended", "{session}", "Sessions ended, and opens that failed, by reason");
        meter.CreateObservableCounter("tunnel.bytes", MeasureBytes, "By", "Bytes carried, by direction");
        meter.CreateObservableCounter("tunnel.bytes.retransmitted", () => Sum().Resent, "By", "Bytes sent more than once");
        _retries = meter.CreateCounter<long>("tunnel.requests.retried", "{request}", "Requests that failed and were tried again, by fault");
        _openLatency = meter.CreateHistogram<double>("tunnel.open.duration", "s", "Time from the accepted connection to the open session");
        _ackLag = meter.CreateHistogram<double>("tunnel.ack.lag", "s", "Time from sending bytes to their acknowledgement");
    }

    /// <summary>Sessions that are open now.</summary>
    public int OpenCount
    {
        get { lock (_lock) { return _open.Count; } }
    }

    internal void Opened(TimeSpan took)
    {
        _opened.Add(1);
        _openLatency.Record(took.TotalSeconds);
    }

    internal void Entered(AgentSession session)
    {
        lock (_lock)
        {
            _open.Add(session);
        }
    }

    internal void Left(AgentSession session)
    {
        lock (_lock)
        {
            _open.Remove(session);
            _past += session;
        }
    }

    internal void Ended(string reason) => _ended.Add(1, new KeyValuePair<string, object?>("reason", reason));

    internal void Retried(Exception failure) => _retries.Add(1, new KeyValuePair<string, object?>("fault", SessionOutcome.Code(failure)));

    internal void Acknowledged(TimeSpan lag) => _ackLag.Record(lag.TotalSeconds);

    private Totals Sum()
    {
        lock (_lock)
        {
            return _open.Aggregate(_past, (sum, session) => sum + session);
        }
    }

    private IEnumerable<Measurement<long>> MeasureBytes()
    {
        Totals now = Sum();
        return
        [
            new(now.Up, new KeyValuePair<string, object?>("direction", "up")),
            new(now.Down, new KeyValuePair<string, object?>("direction", "down")),
        ];
    }
}
