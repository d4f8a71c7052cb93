namespace TunnelAspire.Http1;

/// <summary>
/// Keeps a shared connection at hand, for the requests of one thread. No request waits for it: while there is none, each takes a
/// connection of its own. A path that does not let one pass is tried again, less and less often.
/// </summary>
/// <param name="pool">The server.</param>
/// <param name="request">Makes the request that carries lanes.</param>
/// <param name="skipped">Characters of requests' paths that are not for the server.</param>
internal sealed class Sharing(Http1Pool pool, Func<Http1Request> request, int skipped)
{
    private const long ShortLife = 10_000; // ms: one that has ended sooner is as good as none
    private const long FirstPause = 30_000;
    private const long LongestPause = 300_000;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2); // some systems in between end every request after a few minutes

    /// <summary>How long beginning a shared connection may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private SharedConnection? _current;
    private long _pause;
    private long _notBefore;
    private int _beginning;
    private volatile bool _closed;

    /// <summary>A lane; null where there is no shared connection now.</summary>
    public Http1Connection? TryTake()
    {
        SharedConnection? current = Volatile.Read(ref _current);
        bool open = current is { IsOpen: true };
        if ((!open || current!.Age > Longest) && Environment.TickCount64 >= Volatile.Read(ref _notBefore) && Interlocked.Exchange(ref _beginning, 1) == 0)
        {
            _ = ReplaceAsync(current);
        }

        return open ? current!.Take() : null;
    }

    /// <summary>Closes what nobody has used since before <paramref name="since"/>.</summary>
    public void Close(long since) => Volatile.Read(ref _current)?.Close(since);

    /// <summary>Closes everything, now and for good.</summary>
    public void Close()
    {
        _closed = true;
        Volatile.Read(ref _current)?.Dispose();
    }

    /// <summary>Begins the next one. However that ends, it may be tried again.</summary>
    private async Task ReplaceAsync(SharedConnection? before)
    {
        try
        {
            await BeginAsync(before);
        }
        finally
        {
            Volatile.Write(ref _beginning, 0);
        }
    }

    private async Task BeginAsync(SharedConnection? before)
    {
        SharedConnection? next = before is { IsOpen: false } && before.Age.TotalMilliseconds < ShortLife
            ? null
            : await SharedConnection.BeginAsync(pool, request(), skipped, Patience);
        if (next is null)
        {
            _pause = Math.Clamp(2 * _pause, FirstPause, LongestPause);
            Volatile.Write(ref _notBefore, Environment.TickCount64 + _pause);
        }
        else
        {
            _pause = 0;
        }

        if (next is not null || before is { IsOpen: false })
        {
            Volatile.Write(ref _current, next);
            before?.Retire();
        }

        if (_closed)
        {
            next?.Dispose();
        }
    }
}
