using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Protocol.Carriers;

/// <summary>
/// Tells the ack, and that the first component is alive, whenever no request of the session has been sent for a while. As long as
/// others are sent, it is an alarm that is put off.
/// </summary>
public sealed class KeepAlive : Alarm, IAsyncDisposable
{
    private readonly SendChannel _channel;
    private readonly RetryClock _retry;
    private readonly SessionLife _life;
    private readonly TimeSpan _interval;

    // Guards the fields below.
    private readonly Lock _lock = new();
    private Task _telling = Task.CompletedTask;
    private bool _over;

    /// <summary>Begins to watch.</summary>
    /// <param name="channel">Tells it.</param>
    /// <param name="retry">Knows when the last request was sent.</param>
    /// <param name="interval">How long it may be ago.</param>
    /// <param name="life">The session's; a refusal ends it.</param>
    public KeepAlive(SendChannel channel, RetryClock retry, TimeSpan interval, SessionLife life)
    {
        (_channel, _retry, _interval, _life) = (channel, retry, interval, life);
        After(interval);
    }

    /// <summary>Ends what it is about to tell, and waits until that has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        Stop();
        Task telling;
        lock (_lock)
        {
            _over = true;
            telling = _telling;
        }

        if (!telling.IsCompleted)
        {
            _life.End();
            await telling;
        }
    }

    /// <inheritdoc/>
    protected override void Ring()
    {
        TimeSpan due = _interval - _retry.SinceRequest;
        if (due > TimeSpan.Zero)
        {
            After(due);
            return;
        }

        lock (_lock)
        {
            _telling = _over ? _telling : TellAsync();
        }
    }

    private async Task TellAsync()
    {
        RetryClock.Failures failures = new();
        try
        {
            while (!await TryTellAsync(failures))
            {
                // It has paused.
            }

            After(_interval);
        }
        catch (Exception e)
        {
            _life.Fail(e); // the session is over there, or here
        }
    }

    private async Task<bool> TryTellAsync(RetryClock.Failures failures)
    {
        try
        {
            await _channel.TellAsync(_life.Over);
            return true;
        }
        catch (Exception e) when (RetryClock.CanRetry(e))
        {
            await _retry.PauseAsync(e, failures, _life.Over);
            return false;
        }
    }
}
