namespace TunnelAspire.Protocol.Carriers;

/// <summary>The life of a session at the first component, which all of its parts share: the first failure of any of them ends it.</summary>
public sealed class SessionLife : IDisposable
{
    private readonly CancellationTokenSource _over;
    private Exception? _failure;

    /// <summary>A life that begins.</summary>
    /// <param name="stop">Ends it, too.</param>
    public SessionLife(CancellationToken stop)
    {
        _over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Over = _over.Token;
    }

    /// <summary>Cancelled when the session is to end.</summary>
    public CancellationToken Over { get; }

    /// <summary>Whether it is to end.</summary>
    public bool IsOver => _over.IsCancellationRequested;

    /// <summary>What has ended it; null where nothing has failed.</summary>
    public Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>A part has failed for good, or has been ended by another's failure. Does not throw.</summary>
    public void Fail(Exception failure)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        End();
    }

    /// <summary>Ends what is still under way.</summary>
    public void End()
    {
        try
        {
            _over.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It is over already.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _over.Dispose();
}
