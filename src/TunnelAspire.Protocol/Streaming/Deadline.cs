namespace TunnelAspire.Protocol.Streaming;

/// <summary>A cancellation that comes when its time is over.</summary>
/// <param name="linked">Its cancellation is this one's, too.</param>
public sealed class Deadline(params ReadOnlySpan<CancellationToken> linked) : Alarm, IDisposable
{
    private readonly CancellationTokenSource _over = linked.IsEmpty ? new CancellationTokenSource() : CancellationTokenSource.CreateLinkedTokenSource(linked);

    /// <summary>Cancelled when the time is over.</summary>
    public CancellationToken Token => _over.Token;

    /// <summary>Whether it has come, or was cancelled.</summary>
    public bool IsOver => _over.IsCancellationRequested;

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
        Stop();
        _over.Dispose();
    }

    /// <inheritdoc/>
    protected override void Ring() => Cancel();
}
