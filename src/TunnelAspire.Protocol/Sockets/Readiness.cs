using System.Threading.Tasks.Sources;

namespace TunnelAspire.Protocol.Sockets;

/// <summary>
/// Whether a socket may go on in one direction, and the one who waits for that. He goes on in the thread that tells it.
/// </summary>
/// <remarks>
/// Whoever tries something calls <see cref="Begin"/> before the call of the system: what is told after that is news. He waits where
/// nothing was left, and tries again: being told so is a hint.
/// </remarks>
internal sealed class Readiness : IValueTaskSource
{
    private const int Unknown = 0;
    private const int Told = 1;
    private const int Awaited = 2;

    private ManualResetValueTaskSourceCore<bool> _wait;
    private CancellationToken _token;
    private CancellationTokenRegistration _cancellation;
    private int _state;
    private volatile bool _forGood;

    /// <summary>Nobody is to wait any more.</summary>
    public bool IsForGood => _forGood;

    /// <summary>It will be tried now: what has been told before is no news any more.</summary>
    public void Begin()
    {
        if (!_forGood)
        {
            Interlocked.CompareExchange(ref _state, Unknown, Told);
        }
    }

    /// <summary>Tells that it may be tried; for good: that nobody is to wait any more.</summary>
    public void Tell(bool forGood = false)
    {
        if (forGood)
        {
            _forGood = true;
        }

        if (Interlocked.Exchange(ref _state, Told) == Awaited)
        {
            _wait.SetResult(true);
        }
    }

    /// <summary>Waits until it may be tried. One at a time.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled first.</exception>
    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        int state = Volatile.Read(ref _state);
        if (state == Awaited)
        {
            throw new InvalidOperationException("Somebody waits already.");
        }

        if (_forGood || state == Told)
        {
            return ValueTask.CompletedTask;
        }

        _wait.Reset();
        _token = cancellationToken;
        ValueTask wait = new(this, _wait.Version);
        if (Interlocked.CompareExchange(ref _state, Awaited, Unknown) == Told)
        {
            return ValueTask.CompletedTask;
        }

        if (_forGood)
        {
            Tell(); // it was told between the looks
        }
        else
        {
            _cancellation = cancellationToken.UnsafeRegister(static readiness => ((Readiness)readiness!).Cancel(), this);
        }

        return wait;
    }

    void IValueTaskSource.GetResult(short token)
    {
        _cancellation.Dispose();
        _cancellation = default;
        _wait.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    private void Cancel()
    {
        if (Interlocked.CompareExchange(ref _state, Unknown, Awaited) == Awaited)
        {
            _wait.SetException(new OperationCanceledException(_token));
        }
    }
}
