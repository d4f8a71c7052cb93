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
    private static readonly TimeSpan FarewellPatience = TimeSpan.FromMilliseconds(20);

    private readonly Lock _lock = new();
    private CancellationTokenSource _generationOver = new();

    /// <summary>The direction to the client.</summary>
    public SendingHalf Sending { get; } = sending;

    /// <summary>The direction to the target.</summary>
    public ReceivingHalf Receiving { get; } = receiving;

    /// <summary>Both directions have ended, and the client has acknowledged all of the target's bytes: there is nothing left to tell.</summary>
    public bool Complete => Receiving.Finished && Sending.Fin is { } fin && Sending.Acknowledged >= fin;

    /// <summary>
    /// Accepts a write request: applies the body's bytes at their offset as they arrive. Where for the limits' patience none come,
    /// or the target takes none, or bytes before the offset are missing, answers with what has been accepted. The end of the client's
    /// stream is often that of the target's too: it is waited for a moment, and told with the acknowledgement.
    /// </summary>
    /// <exception cref="TunnelException">
    /// <see cref="TunnelError.OffsetGap"/>: bytes before the offset are missing. <see cref="TunnelError.BodyTooLarge"/>: what fits has been applied.
    /// <see cref="TunnelError.Malformed"/>: the request contradicts what was sent or said before; the session must end.
    /// </exception>
    public async Task<WriteAnswer> AcceptAsync(
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

        using Deadline limit = new(cancellationToken);
        limit.After(limits.Patience);
        try
        {
            await Receiving.WaitForTurnAsync(offset, limit.Token);
            await ApplyBodyAsync(offset, body, limits, limit);
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
            await Sending.WaitForEndAsync(FarewellPatience);
        }

        return new WriteAnswer(Receiving.Next, Sending.Fin);
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

    /// <summary>
    /// Answers a read request with one range after the other, as the target sends them, until the message is full, or no byte has
    /// come for <see cref="ChannelSettings.Quiet"/>, or the stream has ended. <paramref name="write"/> is told whether the range is
    /// known to be the last; the first call is as <see cref="ReadAsync"/> answers.
    /// </summary>
    /// <exception cref="TunnelException">As in <see cref="ReadAsync"/>; also after ranges have been written.</exception>
    public async Task StreamAsync(ReadRequest request, Func<OutboundRange, bool, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
    {
        Sending.Acknowledge(request.Ack);
        CancellationToken generationOver = Enter(request.Generation);
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, generationOver);
        using Deadline limit = new(over.Token);
        limit.After(request.Hold);
        int written = 0;
        try
        {
            using SendingHalf.Turn turn = await Sending.EnterAsync(limit.Token);
            bool last = false;
            while (!last)
            {
                using OutboundRange range = await turn.TakeAsync(request.Generation, request.MaxBytes - written, limit.Token);
                limit.After(Timeout.InfiniteTimeSpan);
                last = range.Fin is not null || written + range.Length == request.MaxBytes;
                await write(range, last, over.Token); // the time may have run out just when the bytes came: they have been handed out
                written += range.Length;
                limit.After(ChannelSettings.Quiet);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // A newer generation has come, or the hold time is over and there was nothing, or it has become quiet.
            if (generationOver.IsCancellationRequested)
            {
                throw new TunnelException(TunnelError.Superseded, $"a newer generation than {request.Generation} has come");
            }

            if (written == 0)
            {
                await write(new OutboundRange(Sending.Next, null), true, cancellationToken);
            }
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

    private async Task ApplyBodyAsync(long offset, PipeReader body, AcceptLimits limits, Deadline limit)
    {
        long end = offset + limits.MaxBytes;
        while (true)
        {
            ReadResult result = await body.ReadAsync(limit.Token);
            try
            {
                if (offset + result.Buffer.Length > end)
                {
                    throw new TunnelException(TunnelError.BodyTooLarge, $"the body has more than {limits.MaxBytes} bytes");
                }

                await Receiving.ApplyAsync(offset, result.Buffer, limit.Token);
                offset += result.Buffer.Length;
                limit.After(limits.Patience);
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
/// <param name="Patience">How long it waits for its turn, for bytes, and for the target.</param>
/// <param name="MaxBytes">Most bytes of its body.</param>
public readonly record struct AcceptLimits(TimeSpan Patience, int MaxBytes);
