namespace TunnelAspire.Agent.Paths;

/// <summary>
/// Learns how long a quiet request may wait, from those that were cut. One cut alone says nothing, for a relay that dies cuts as
/// well; two after about the same wait, some time apart, do.
/// </summary>
internal sealed class QuietLimit(TimeProvider time)
{
    /// <summary>Requests wait for no less than this, whatever cuts them.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LeastWait = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Whole = TimeSpan.FromSeconds(1.5); // some keep their time by whole seconds, and cut up to one early or late
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Growth = TimeSpan.FromMinutes(10);

    private long _changed;
    private long _lastAt;
    private TimeSpan _lastWait;

    /// <summary>Longest wait that is asked for; <see cref="TimeSpan.MaxValue"/> while nothing is known against longer ones.</summary>
    public TimeSpan Hold { get; private set; } = TimeSpan.MaxValue;

    /// <summary>The wait to ask for where requests are cut after <paramref name="cut"/>: well below it.</summary>
    public static TimeSpan Below(TimeSpan cut) => cut * 2 / 3 > Shortest ? cut * 2 / 3 : Shortest;

    /// <summary>A quiet request was cut after <paramref name="wait"/>; returns whether the hold time has become shorter.</summary>
    public bool Cut(TimeSpan wait)
    {
        if (wait < LeastWait || (_lastWait > TimeSpan.Zero && time.GetElapsedTime(_lastAt) < Apart))
        {
            return false;
        }

        bool alike = _lastWait > TimeSpan.Zero && (wait - _lastWait).Duration() < (wait / 10) + Whole;
        (_lastAt, _lastWait) = (time.GetTimestamp(), wait);
        TimeSpan shorter = Below(wait);
        if (!alike || shorter >= Hold)
        {
            return false;
        }

        (Hold, _changed) = (shorter, time.GetTimestamp());
        return true;
    }

    /// <summary>A quiet request was answered in its time; after a good while a longer one is tried. Returns whether the hold time has changed.</summary>
    public bool Passed()
    {
        if (Hold == TimeSpan.MaxValue || time.GetElapsedTime(_changed) < Growth)
        {
            return false;
        }

        (Hold, _changed) = (Hold > TimeSpan.FromMinutes(2) ? TimeSpan.MaxValue : Hold * 1.5, time.GetTimestamp());
        return true;
    }
}
