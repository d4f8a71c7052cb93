using System.Diagnostics.Metrics;

namespace TunnelAspire.Protocol.Metering;

/// <summary>A session's bytes, as its end sees them.</summary>
public interface IMeteredSession
{
    /// <summary>Bytes of the client that the target's socket has accepted.</summary>
    long BytesUp { get; }

    /// <summary>Bytes of the target that the client's socket has accepted.</summary>
    long BytesDown { get; }

    /// <summary>Bytes that this end has sent more than once.</summary>
    long BytesResent { get; }
}

/// <summary>The instruments that both ends of the tunnel have. Bytes are summed when somebody asks, not for each message.</summary>
public sealed class SessionMeter
{
    private readonly Counter<long> _opened;
    private readonly Counter<long> _ended;
    private readonly Histogram<double> _openLatency;

    // Guards the fields below.
    private readonly Lock _lock = new();
    private readonly HashSet<IMeteredSession> _open = [];
    private Totals _past;

    private readonly record struct Totals(long Up, long Down, long Resent)
    {
        public static Totals operator +(Totals sum, IMeteredSession session) =>
            new(sum.Up + session.BytesUp, sum.Down + session.BytesDown, sum.Resent + session.BytesResent);
    }

    /// <summary>Creates the instruments on <paramref name="meter"/>.</summary>
    public SessionMeter(Meter meter)
    {
        meter.CreateObservableUpDownCounter("tunnel.sessions.open", () => OpenCount, "{session}", "Sessions that are open");
        _opened = meter.CreateCounter<long>("tunnel.sessions.opened", "{session}", "Sessions opened");
        _ended = meter.CreateCounter<long>("tunnel.sessions.ended", "{session}", "Sessions ended, by reason");
        meter.CreateObservableCounter("tunnel.bytes", MeasureBytes, "By", "Bytes that have arrived, by direction");
        meter.CreateObservableCounter("tunnel.bytes.retransmitted", () => Sum().Resent, "By", "Bytes sent more than once");
        _openLatency = meter.CreateHistogram<double>("tunnel.open.duration", "s", "Time from the request for a session to the open session");
    }

    private int OpenCount
    {
        get { lock (_lock) { return _open.Count; } }
    }

    /// <summary>A session is open.</summary>
    public void Opened(IMeteredSession session, TimeSpan took)
    {
        _opened.Add(1);
        _openLatency.Record(took.TotalSeconds);
        lock (_lock)
        {
            _open.Add(session);
        }
    }

    /// <summary>A session has ended, or an open has failed, where <paramref name="session"/> is null.</summary>
    public void Ended(IMeteredSession? session, string reason)
    {
        _ended.Add(1, new KeyValuePair<string, object?>("reason", reason));
        lock (_lock)
        {
            if (session is not null && _open.Remove(session))
            {
                _past += session;
            }
        }
    }

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
