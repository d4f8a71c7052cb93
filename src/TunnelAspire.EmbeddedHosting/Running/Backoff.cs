namespace TunnelAspire.EmbeddedHosting.Running;

/// <summary>How long to wait before a process that has ended is started again: longer each time, until it has run well for a while.</summary>
internal sealed class Backoff(TimeProvider time)
{
    private const int Loop = 4;
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan GoodRun = TimeSpan.FromSeconds(30);

    private long _startedAt;

    /// <summary>How often it has ended in a row, each time after a short run.</summary>
    public int ShortRuns { get; private set; }

    /// <summary>Whether it must be called a crash loop.</summary>
    public bool IsLoop => ShortRuns >= Loop;

    /// <summary>A run begins.</summary>
    public void Started() => _startedAt = time.GetTimestamp();

    /// <summary>A run has ended.</summary>
    /// <returns>How long to wait.</returns>
    public TimeSpan Ended()
    {
        ShortRuns = time.GetElapsedTime(_startedAt) >= GoodRun ? 1 : ShortRuns + 1;
        double factor = Math.Pow(2, Math.Min(ShortRuns - 1, 10));
        return First * factor < Longest ? First * factor : Longest;
    }
}
