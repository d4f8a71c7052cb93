using System.IO.Pipelines;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Protocol.Carriers;

/// <summary>
/// The second component's end of a session, whatever carries it: accepts write requests into the target's socket, and answers
/// read requests with what it reads from there because of them (claim 6).
/// </summary>
public sealed class SessionEnd(SendingHalf sending, ReceivingHalf receiving) : IDisposable
{
    private readonly Lock _lock = new();
    private CancellationTokenSource _generationOver = new();

    /// <summary>The direction to the client.</summary>
    public SendingHalf Sending { get; } = sending;

    /// <summary>The direction to the target.</summary>
    public ReceivingHalf Receiving { get; } = receiving;

    /// <summary>
    /// Accepts a write request: applies the body's bytes at their offset as they arrive. Where the target takes no more, or bytes
    /// before the offset are missing, answers after the limits' patience with what has been accepted.
    /// </summary>
    /// <returns>The ack: all below it has been accepted.</returns>
    /// <exception cref="TunnelException">
    /// <see cref="TunnelError.OffsetGap"/>: bytes before the offset are missing. <see cref="TunnelError.BodyTooLarge"/>: what fits has been applied.
    /// <see cref="TunnelError.Malformed"/>: the request contradicts what was sent or said before; the session must end.
    /// </exception>
    public async Task<long> AcceptAsync(
        long offset, PipeReader body, long? fin, long? ack, AcceptLimits limits, CancellationToken cancellationToken)
    {
        if (ack is { } acknowledged)
        {
            Sending.Acknowledge(acknowledged);
        }

        if (fin is { } end)
        {
            Receiving.ExpectEnd(end);
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(limits.Patience);
        try
        {
            await Receiving.WaitForTurnAsync(offset, limit.Token);
            await ApplyBodyAsync(offset, body, limits.MaxBytes, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Patience ran out, not the caller's: tell what has been accepted so far.
            if (offset > Receiving.Next)
            {
                throw new TunnelException(TunnelError.OffsetGap, $"bytes before offset {offset} are missing from {Receiving.Next} on");
            }
        }

        if (Receiving.Next >= fin)
        {
            await Receiving.FinishAsync(fin.Value, cancellationToken);
        }

        return Receiving.Next;
    }

    /// <summary>
    /// Answers a read request with the next range, read from the target because of this request. Empty after the hold time.
    /// The caller disposes the range.
    /// </summary>
    /// <exception cref="TunnelException">
    /// <see cref="TunnelError.Superseded"/>: a newer generation has come.
    /// <see cref="TunnelError.Malformed"/>: the ack is beyond what was sent; the session must end.
    /// </exception>
    public async Task<OutboundRange> ReadAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        Sending.Acknowledge(request.Ack);
        CancellationToken generationOver = Enter(request.Generation);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, generationOver);
        limit.CancelAfter(request.Hold);
        try
        {
            return await Sending.TakeAsync(request.Generation, request.MaxBytes, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Either the hold time is over, and there was nothing, or a newer generation has come.
            return generationOver.IsCancellationRequested
                ? throw new TunnelException(TunnelError.Superseded, $"a newer generation than {request.Generation} has come")
                : new OutboundRange(Sending.Next, null);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Sending.Dispose();
        lock (_lock)
        {
            _generationOver.Cancel();
        }
    }

    private CancellationToken Enter(long generation)
    {
        lock (_lock)
        {
            if (Sending.Restart(generation))
            {
                _generationOver.Cancel();
                _generationOver = new CancellationTokenSource();
            }

            return _generationOver.Token;
        }
    }

    private async Task ApplyBodyAsync(long offset, PipeReader body, int maxBytes, CancellationToken cancellationToken)
    {
        long end = offset + maxBytes;
        while (true)
        {
            ReadResult result = await body.ReadAsync(cancellationToken);
            try
            {
                if (offset + result.Buffer.Length > end)
                {
                    throw new TunnelException(TunnelError.BodyTooLarge, $"the body has more than {maxBytes} bytes");
                }

                await Receiving.ApplyAsync(offset, result.Buffer, cancellationToken);
                offset += result.Buffer.Length;
            }
            finally
            {
                body.AdvanceTo(result.Buffer.End); // also where it is refused: the rest is passed over, so that the answer arrives
            }

            if (result.IsCompleted)
            {
                return;
            }
        }
    }
}

/// <summary>What a write request may take.</summary>
/// <param name="Patience">How long it waits for its turn and for the target.</param>
/// <param name="MaxBytes">Most bytes of its body.</param>
public readonly record struct AcceptLimits(TimeSpan Patience, int MaxBytes);
