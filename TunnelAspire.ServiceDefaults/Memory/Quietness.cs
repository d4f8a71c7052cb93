namespace TunnelAspire.Memory;

/// <summary>Decides when a collection that gives memory back is worth its pause: never while the process works, and not again for nothing.</summary>
internal sealed class Quietness
{
    /// <summary>How often somebody looks.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromSeconds(5);

    /// <summary>Below this part of one core's time a process is quiet. Thousands of sessions that only keep themselves alive stay below it.</summary>
    private const double QuietShare = 0.1;

    /// <summary>So many quiet looks in a row, before something is done.</summary>
    private const int Patience = 2;

    /// <summary>So many looks after the first collection comes a second: what each thread keeps of the array pool goes when nobody has used it for 30 s between two of them.</summary>
    private const int UntilSecond = 7;

    /// <summary>So many looks at least are between two collections because of growth.</summary>
    private const int BetweenTwo = 12;

    private const long Worthwhile = 8 << 20;
    private const int WorthwhilePart = 4;

    private long _left;
    private int _quiet;
    private int _since = BetweenTwo;
    private int _untilSecond;

    /// <summary>To be asked at each look.</summary>
    /// <param name="share">Processor time that the process has used since the last look, as a part of one core's.</param>
    /// <param name="held">Bytes that the heap has of the system.</param>
    public bool IsCollectionDue(double share, long held)
    {
        _since++;
        _quiet = share < QuietShare ? _quiet + 1 : 0;
        if (_quiet < Patience)
        {
            return false;
        }

        if (_untilSecond > 0 && --_untilSecond == 0)
        {
            return true;
        }

        if (_since <= BetweenTwo || held - _left < Math.Max(Worthwhile, _left / WorthwhilePart))
        {
            return false;
        }

        (_since, _untilSecond) = (0, UntilSecond);
        return true;
    }

    /// <summary>A collection has left so many bytes, which will not become fewer by another one.</summary>
    public void Collected(long left) => _left = left;
}
