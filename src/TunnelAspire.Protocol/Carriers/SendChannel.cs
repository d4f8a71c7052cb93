using System.Buffers;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Protocol.Carriers;

/// <summary>
/// The first component's send channel: a write request is opened when client bytes are there (claim 4), and closed on its
/// acknowledgement (claim 3). Every message is repeated at the same offset until it is acknowledged.
/// </summary>
public sealed class SendChannel(SendingHalf sending, ReceivingHalf receiving, ICarrier carrier, ChannelSettings settings, RetryClock retry)
{
    private const int SmallestMessage = 4 * 1024;

    private int _maxBytes = settings.MaxBytes;
    private int _finTaken;

    /// <summary>Sends until the end of the client's stream has been acknowledged.</summary>
    /// <exception cref="TunnelException">The session is over.</exception>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, settings.InFlight).Select(_ => SendAsync(cancellationToken)));

    /// <summary>Tells the ack and that the first component is alive, when nothing else does.</summary>
    public async Task TouchAsync(CancellationToken cancellationToken)
    {
        await carrier.WriteAsync(new WriteRequest(sending.Acknowledged, ReadOnlySequence<byte>.Empty, null, receiving.Next), cancellationToken);
        retry.Answered();
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            using OutboundRange range = await sending.TakeAsync(0, Volatile.Read(ref _maxBytes), cancellationToken);
            if (range.Fin is not null && Interlocked.Exchange(ref _finTaken, 1) == 1)
            {
                return;
            }

            await DeliverAsync(range, cancellationToken);
            if (range.Fin is not null)
            {
                return;
            }
        }
    }

    /// <summary>Repeats the range, from the ack on, until all of it has been acknowledged.</summary>
    private async Task DeliverAsync(OutboundRange range, CancellationToken cancellationToken)
    {
        long from = range.Offset;
        int failures = 0;
        do
        {
            try
            {
                long ack = await AttemptAsync(range, from, cancellationToken);
                failures = ack > from ? 0 : failures + 1;
                from = Math.Max(from, ack);
                if (failures > 0 && from < range.End)
                {
                    await retry.PauseAsync(new CarrierException(CarrierFault.Lost, $"nothing accepted beyond {ack}"), failures, cancellationToken);
                }
            }
            catch (Exception e) when (e is CarrierException || (e is TunnelException t && t.Error.Kind() == TunnelErrorKind.Retry))
            {
                if (e is CarrierException { Fault: CarrierFault.TooLarge } or TunnelException { Error: TunnelError.BodyTooLarge })
                {
                    Volatile.Write(ref _maxBytes, Math.Max(SmallestMessage, Volatile.Read(ref _maxBytes) / 2));
                }

                await retry.PauseAsync(e, failures++, cancellationToken);
            }
        }
        while (from < range.End);
    }

    private async Task<long> AttemptAsync(OutboundRange range, long from, CancellationToken cancellationToken)
    {
        int length = (int)Math.Min(range.End - from, Volatile.Read(ref _maxBytes));
        long? fin = from + length == range.Fin ? range.Fin : null;
        using CancellationTokenSource overdue = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        overdue.CancelAfter(settings.Hold + ChannelSettings.Slack);
        try
        {
            ReadOnlySequence<byte> bytes = range.Bytes.Slice(from - range.Offset, length);
            long ack = await carrier.WriteAsync(new WriteRequest(from, bytes, fin, receiving.Next), overdue.Token);
            retry.Answered();
            sending.Acknowledge(ack);
            return ack;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            // Not the session's end: the answer is overdue.
            throw new CarrierException(CarrierFault.Lost, "the acknowledgement is overdue", e);
        }
    }
}
