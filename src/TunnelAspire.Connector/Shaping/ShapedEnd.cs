using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Connector.Shaping;

/// <summary>An end whose bytes move at a rate: they wait where they are, in the target's socket or in the client's request. Nothing is dropped.</summary>
/// <param name="end">The end; this one takes it over.</param>
/// <param name="up">Paces what is written; null: as fast as it goes.</param>
/// <param name="down">Paces what is read; null: as fast as it comes.</param>
public sealed class ShapedEnd(IByteEnd end, BytePacer? up, BytePacer? down) : IByteEnd
{
    private readonly CancellationTokenSource _over = new();

    // What the reader has asked for, and from when on it may be read. Kept where the read is cancelled: who waits keeps the turn.
    private int _asked;
    private long _due;

    /// <summary>What may be read now without another wait for the rate.</summary>
    public int Available => down is null ? end.Available : Math.Min(_asked, end.Available);

    /// <inheritdoc/>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        await end.WaitAsync(cancellationToken);
        if (down is null)
        {
            return;
        }

        if (_asked == 0 && end.Available is > 0 and int available)
        {
            _asked = Math.Min(available, down.Piece);
            _due = down.Ask(_asked);
        }

        if (_asked > 0)
        {
            await down.WaitUntilAsync(_due, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken) =>
        down is null ? end.ReadAsync(destination, cancellationToken) : ReadInTurnAsync(down, destination, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<int> WriteAsync(ReadOnlyMemory<byte> bytes) => up is null ? end.WriteAsync(bytes) : WriteInTurnAsync(up, bytes);

    /// <inheritdoc/>
    public void Finish() => end.Finish();

    /// <inheritdoc/>
    public void Reset()
    {
        _over.Cancel();
        end.Reset();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _over.Cancel();
        end.Dispose();
    }

    private async ValueTask<int> ReadInTurnAsync(BytePacer pacer, Memory<byte> destination, CancellationToken cancellationToken)
    {
        await WaitAsync(cancellationToken);
        int count = await end.ReadAsync(destination[..Math.Min(destination.Length, Math.Max(_asked, 1))], cancellationToken);
        pacer.Return(_asked - count);
        _asked = 0;
        return count;
    }

    private async ValueTask<int> WriteInTurnAsync(BytePacer pacer, ReadOnlyMemory<byte> bytes)
    {
        ReadOnlyMemory<byte> piece = bytes[..Math.Min(bytes.Length, pacer.Piece)];
        try
        {
            await pacer.WaitUntilAsync(pacer.Ask(piece.Length), _over.Token);
        }
        catch (OperationCanceledException e)
        {
            // The end's own end: a write takes no other cancellation.
            throw new ObjectDisposedException("the session has ended", e);
        }

        int count = await end.WriteAsync(piece);
        pacer.Return(piece.Length - count);
        return count;
    }
}
