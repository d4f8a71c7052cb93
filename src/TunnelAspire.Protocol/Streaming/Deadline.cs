namespace TunnelAspire.Protocol.Streaming;

/// <summary>
/// A cancellation that comes when its time is over. It is put off with every message, so that costs no more than a time stamp: the
/// timer runs on, and looks again when it fires.
/// </summary>
public sealed class Deadline : IDisposable
{
    private const long Never = long.MaxValue;
    private const long LongestTimer = int.MaxValue; // it looks again when that is over

    private readonly CancellationTokenSource _over;
    private readonly Timer _timer;
    private long _due = Never; // in milliseconds since the system started
    private long _armed = Never; // when the timer fires

    /// <summary>A deadline that never comes, until <see cref="After"/> says otherwise.</summary>
    /// <param name="linked">Its cancellation is this one's, too.</param>
    public Deadline(params ReadOnlySpan<CancellationToken> linked)
    {
        _over = linked.IsEmpty ? new CancellationTokenSource() : CancellationTokenSource.CreateLinkedTokenSource(linked);
        using (ExecutionContext.SuppressFlow())
        {
            _timer = new Timer(static deadline => ((Deadline)deadline!).Look(), this, Timeout.Infinite, Timeout.Infinite);
        }
    }

    /// <summary>Cancelled when the time is over.</summary>
    public CancellationToken Token => _over.Token;

    /// <summary>Whether it has come, or was cancelled.</summary>
    public bool IsOver => _over.IsCancellationRequested;

    /// <summary>The time is over this much from now, whatever was said before; <see cref="Timeout.InfiniteTimeSpan"/>: never.</summary>
    public void After(TimeSpan time)
    {
        long due = time == Timeout.InfiniteTimeSpan ? Never : Environment.TickCount64 + (long)time.TotalMilliseconds;
        Interlocked.Exchange(ref _due, due);
        if (due < Volatile.Read(ref _armed))
        {
            Arm();
        }
    }

    /// <summary>The time is over now.</summary>
    public void Cancel()
    {
        try
        {
            _over.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Nobody waits any more.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        _over.Dispose();
    }

    private void Look()
    {
        Interlocked.Exchange(ref _armed, Never);
        long due = Volatile.Read(ref _due);
        if (due > Environment.TickCount64)
        {
            Arm();
            return;
        }

        Cancel();
    }

    /// <summary>Sets the timer; again where the time has been brought forward meanwhile, by somebody whose timer this has just put off.</summary>
    private void Arm()
    {
        try
        {
            long due;
            do
            {
                due = Volatile.Read(ref _due);
                Interlocked.Exchange(ref _armed, due);
                _timer.Change(due == Never ? Timeout.Infinite : Math.Clamp(due - Environment.TickCount64, 0, LongestTimer), Timeout.Infinite);
            }
            while (Volatile.Read(ref _due) < due);
        }
        catch (ObjectDisposedException)
        {
            // Nobody waits any more.
        }
    }
}
