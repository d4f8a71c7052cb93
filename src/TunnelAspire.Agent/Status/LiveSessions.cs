namespace TunnelAspire.Agent.Status;

/// <summary>All sessions of the agent, for those who look: nothing is reckoned while nobody does.</summary>
internal sealed class LiveSessions(TimeProvider time)
{
    /// <summary>Looks that come sooner one after another than this get the same rates.</summary>
    public static readonly TimeSpan ShortestLook = TimeSpan.FromMilliseconds(400);

    // Guards all fields below.
    private readonly Lock _lock = new();
    private readonly HashSet<LiveSession> _open = [];
    private readonly long _started = time.GetTimestamp();
    private (long Up, long Down, long Resent) _past;
    private (long Up, long Down) _seen;
    private (double Up, double Down) _rates;
    private long _looked = time.GetTimestamp();
    private long _opened;
    private long _failed;

    /// <summary>When the last look was, as a time ago.</summary>
    public TimeSpan SinceLook
    {
        get { lock (_lock) { return time.GetElapsedTime(_looked); } }
    }

    /// <summary>A session is open.</summary>
    public void Opened(LiveSession session)
    {
        lock (_lock)
        {
            _opened++;
            _open.Add(session);
        }
    }

    /// <summary>It has ended.</summary>
    public void Ended(LiveSession session)
    {
        lock (_lock)
        {
            if (_open.Remove(session))
            {
                IShownSession bytes = session.Bytes;
                _past = (_past.Up + bytes.BytesSent, _past.Down + bytes.BytesDown, _past.Resent + bytes.BytesResent);
            }
        }
    }

    /// <summary>A session broke, or could not be opened.</summary>
    public void Failed()
    {
        lock (_lock)
        {
            _failed++;
        }
    }

    /// <summary>The sessions, fastest first, and what they all come to.</summary>
    /// <param name="retries">Requests that were tried again, which are counted elsewhere.</param>
    public (IReadOnlyList<SessionReport> Sessions, TotalsReport Totals) Look(long retries)
    {
        lock (_lock)
        {
            TimeSpan since = time.GetElapsedTime(_looked);
            (long up, long down, long resent) = _past;
            foreach (LiveSession session in _open)
            {
                up += session.Bytes.BytesSent;
                down += session.Bytes.BytesDown;
                resent += session.Bytes.BytesResent;
                if (since >= ShortestLook)
                {
                    session.Sample(since, time.GetElapsedTime(session.Opened));
                }
            }

            if (since >= ShortestLook)
            {
                _rates = ((up - _seen.Up) / since.TotalSeconds, (down - _seen.Down) / since.TotalSeconds);
                (_seen, _looked) = ((up, down), time.GetTimestamp());
            }

            TotalsReport totals = new(_open.Count, _opened, _failed, up, down, resent, retries, _rates.Up, _rates.Down, time.GetElapsedTime(_started).TotalSeconds);
            return ([.. _open.OrderByDescending(session => session.RateUp + session.RateDown).ThenBy(session => session.Opened).Select(Report)], totals);
        }
    }

    private SessionReport Report(LiveSession session) => new(
        session.Id,
        session.Forward,
        session.Client,
        session.Target,
        session.Connector,
        time.GetElapsedTime(session.Opened).TotalSeconds,
        session.Bytes.BytesSent,
        session.Bytes.BytesDown,
        session.RateUp,
        session.RateDown);
}
