namespace TunnelAspire.Protocol.Streaming;

/// <summary>
/// Something that is to happen at a time which is put off again and again, and so rarely comes. Putting it off costs a time stamp.
/// All alarms of a process share its <see cref="AlarmWheel"/>s: none has a timer of its own, which would wake the timers' thread.
/// </summary>
public abstract class Alarm
{
    internal const long Never = long.MaxValue;

    // In milliseconds since the system started.
    private long _due = Never;
    private long _look = Never; // when the wheel looks at it; Never: it is in no wheel. Written with the wheels' lock

    /// <summary>Its neighbours in the wheel, guarded by the wheels' lock.</summary>
    internal Alarm? Before { get; set; }

    internal Alarm? Behind { get; set; }

    internal bool Stopped { get; private set; }

    internal long LooksAt
    {
        get => Volatile.Read(ref _look);
        set => Interlocked.Exchange(ref _look, value);
    }

    /// <summary>It is due this much from now, whatever was said before; <see cref="Timeout.InfiniteTimeSpan"/>: never. It may come a little late: by 2 ms, or where it is far off by 1/8 s.</summary>
    public void After(TimeSpan time)
    {
        long due = time == Timeout.InfiniteTimeSpan ? Never : Environment.TickCount64 + (long)time.TotalMilliseconds;
        Interlocked.Exchange(ref _due, due); // before LooksAt is read: either it is seen here that the wheel has looked, or the wheel sees this time
        if (due < LooksAt)
        {
            AlarmWheel.Set(this, due);
        }
    }

    /// <summary>It never comes any more. May be called several times.</summary>
    protected void Stop()
    {
        Stopped = true;
        if (LooksAt != Never)
        {
            AlarmWheel.Remove(this);
        }
    }

    /// <summary>Its time has come. Called by the timer, for one alarm after the other: must not wait.</summary>
    protected abstract void Ring();

    /// <summary>The wheel has come to it, and has let go of it: it has been put off meanwhile, or rings.</summary>
    internal void Look()
    {
        long due = Volatile.Read(ref _due);
        if (due > Environment.TickCount64)
        {
            if (due < LooksAt)
            {
                AlarmWheel.Set(this, due);
            }
        }
        else if (Interlocked.CompareExchange(ref _due, Never, due) == due && !Stopped)
        {
            Ring();
        }
    }
}
