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
    private static readonly TimeSpan PauseWhenStuck = TimeSpan.FromMilliseconds(100);

    private readonly MessageSize _size = new(settings.MaxBytes);
    private int _finTaken;
    private long _resent;

    /// <summary>Bytes sent more than once.</summary>
    public long Resent => Volatile.Read(ref _resent);

    /// <summary>Sends until the end of the client's stream has been acknowledged.</summary>
    /// <exception cref="TunnelException">The session is over.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Task[] senders = [.. Enumerable.Range(0, settings.InFlight).Select(_ => SendAsync(cancellationToken))];
        await foreach (Task sender in Task.WhenEach(senders))
        {
            await sender; // the first failure ends the channel; the caller cancels the rest
        }
    }

    /// <summary>Tells the ack, and that the first component is alive, whenever no request has been sent for <paramref name="interval"/>.</summary>
    /// <exception cref="TunnelException">The session is over.</exception>
    public async Task KeepAliveAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        RetryClock.Failures failures = new();
        while (true)
        {
            TimeSpan due = interval - retry.SinceRequest;
            if (due > TimeSpan.Zero)
            {
                await retry.DelayAsync(due, cancellationToken);
                continue;
            }

            try
            {
                await WriteAsync(new WriteRequest(sending.Acknowledged, ReadOnlySequence<byte>.Empty, null, receiving.Next), cancellationToken);
                failures.Reset();
            }
            catch (Exception e) when (RetryClock.CanRetry(e))
            {
                await retry.PauseAsync(e, failures, cancellationToken);
            }
        }
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            using OutboundRange range = await sending.TakeAsync(0, _size.Current, cancellationToken);
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
        long sent = from;
        bool delivered = false;
        RetryClock.Failures failures = new();
        while (!delivered)
        {
            int length = (int)Math.Min(range.End - from, _size.Current);
            Interlocked.Add(ref _resent, Math.Max(0, Math.Min(sent, from + length) - from));
            sent = Math.Max(sent, from + length);
            try
            {
                ReadOnlySequence<byte> bytes = range.Bytes.Slice(from - range.Offset, length);
                long? fin = from + length == range.Fin ? range.Fin : null;
                long ack = await WriteAsync(new WriteRequest(from, bytes, fin, receiving.Next), cancellationToken);
                delivered = ack >= range.End && (range.Fin is null || fin is not null);
                bool stuck = ack <= from && !delivered;
                from = Math.Clamp(ack, from, range.End);
                _size.Passed();
                failures.Reset();
                if (stuck)
                {
                    await retry.DelayAsync(PauseWhenStuck, cancellationToken); // the target does not read: no failure, but no hurry
                }
            }
            catch (Exception e) when (RetryClock.CanRetry(e))
            {
                _size.Failed(e, failures.Count);
                await retry.PauseAsync(e, failures, cancellationToken);
            }
        }
    }

    private async Task<long> WriteAsync(WriteRequest request, CancellationToken cancellationToken)
    {
        using CancellationTokenSource overdue = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        overdue.CancelAfter(settings.Hold + ChannelSettings.Slack);
        try
        {
            retry.RequestSent();
            long ack = await carrier.WriteAsync(request, overdue.Token);
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
