using System.Buffers;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Protocol.Carriers;

/// <summary>
/// The first component's send channel: a write request is opened when client bytes are there (claim 4), and closed on its
/// acknowledgement (claim 3). Every message is repeated at the same offset until it is acknowledged.
/// </summary>
public sealed class SendChannel(SendingHalf sending, ReceivingHalf receiving, ICarrier carrier, ChannelControl control, RetryClock retry)
{
    private static readonly TimeSpan PauseWhenStuck = TimeSpan.FromMilliseconds(100);

    private readonly MessageSize _size = new(control.MostBytes);
    private TaskCompletionSource? _lastWrite;

    /// <summary>
    /// The first attempt to tell the end of the client's stream, while it is under way: its answer may tell the end of the target's
    /// as well. Completed where there is none.
    /// </summary>
    public Task LastWrite => Volatile.Read(ref _lastWrite)?.Task ?? Task.CompletedTask;

    /// <summary>Both ends know that the session is complete: there is nobody to say goodbye to.</summary>
    public bool Complete { get; private set; }

    /// <summary>Sends until the end of the client's stream has been acknowledged.</summary>
    /// <param name="first">A range that has been taken already, and may have been acknowledged too. The channel disposes it.</param>
    /// <param name="cancellationToken">The session ends.</param>
    /// <exception cref="TunnelException">The session is over.</exception>
    public async Task RunAsync(OutboundRange first, CancellationToken cancellationToken)
    {
        using Exchanges exchanges = new(cancellationToken);
        try
        {
            bool ended = first.Fin is not null;
            if (sending.Acknowledged < first.End)
            {
                exchanges.Start(() => DeliverAsync(first, null, exchanges.Over));
            }
            else
            {
                first.Dispose();
            }

            while (!ended)
            {
                await exchanges.RoomAsync(control.Current.InFlight);
                ended = await BeginAsync(exchanges);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // A message has failed for good; its failure is thrown below.
        }

        await exchanges.EndAsync();
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

    /// <summary>Waits for client bytes and begins a message with them; returns whether it is the stream's last.</summary>
    private async Task<bool> BeginAsync(Exchanges exchanges)
    {
        SendingHalf.Turn turn = await sending.EnterAsync(exchanges.Over);
        OpenMessage? more = null;
        try
        {
            ChannelSettings settings = control.Current;
            int most = Math.Min(settings.MaxBytes, _size.Current);
            OutboundRange first = await turn.TakeAsync(0, most, exchanges.Over);
            if (settings.Mode == ChannelMode.Stream && first.Fin is null && first.Length < most)
            {
                more = new OpenMessage(turn, first, most, exchanges.Over);
            }

            OpenMessage? held = more;
            exchanges.Start(() => DeliverAsync(first, held, exchanges.Over));
            return first.Fin is not null;
        }
        finally
        {
            if (more is null)
            {
                turn.Dispose();
            }
        }
    }

    /// <summary>Repeats a message, from the ack on, until all of it has been acknowledged.</summary>
    private async Task DeliverAsync(OutboundRange first, OpenMessage? more, CancellationToken cancellationToken)
    {
        OutboundRange range = first;
        RetryClock.Failures failures = new();
        if (first.Fin is not null)
        {
            Volatile.Write(ref _lastWrite, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        try
        {
            while (true)
            {
                long ack = await TryWriteAsync(range, more, failures, cancellationToken);
                _lastWrite?.TrySetResult();
                long end = Math.Max(first.End, more?.End ?? 0);
                bool finTold = first.Fin is null || (ack >= 0 && range.Fin is not null);
                if (Math.Max(ack, sending.Acknowledged) >= end && finTold)
                {
                    return;
                }

                long from = Math.Min(Math.Max(ack, range.Offset), end);
                if (ack >= 0 && ack <= range.Offset && from < end)
                {
                    await retry.DelayAsync(PauseWhenStuck, cancellationToken); // the target does not read: no failure, but no hurry
                }

                more?.Dispose();
                range.Dispose();
                range = default; // so that it is let go of once
                range = sending.Again(from, end, Math.Min(control.Current.MaxBytes, _size.Current));
            }
        }
        finally
        {
            _lastWrite?.TrySetResult();
            more?.Dispose();
            range.Dispose();
        }
    }

    /// <summary>One attempt; returns the ack, or -1 where there was none, after a pause.</summary>
    private async Task<long> TryWriteAsync(OutboundRange range, OpenMessage? more, RetryClock.Failures failures, CancellationToken cancellationToken)
    {
        try
        {
            OpenMessage? open = more is { IsOpen: true } ? more : null;
            long ack = await WriteAsync(new WriteRequest(range.Offset, range.Bytes, range.Fin, receiving.Next, open), cancellationToken);
            _size.Passed();
            failures.Reset();
            return ack;
        }
        catch (Exception e) when (RetryClock.CanRetry(e))
        {
            _size.Failed(e, failures.Count, (int)(Math.Max(range.End, more?.End ?? 0) - range.Offset));
            await retry.PauseAsync(e, failures, cancellationToken);
            return -1;
        }
    }

    private async Task<long> WriteAsync(WriteRequest request, CancellationToken cancellationToken)
    {
        using Deadline overdue = new(cancellationToken);
        TimeSpan patience = control.Current.Hold + ChannelSettings.Slack;
        overdue.After(patience);
        request.More?.Watch(overdue, patience);
        try
        {
            retry.RequestSent();
            WriteAnswer answer = await carrier.WriteAsync(request, overdue.Token);
            sending.Acknowledge(answer.Ack);
            await EndAsync(request, answer, overdue.Token);
            return answer.Ack;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            // Not the session's end: the answer is overdue.
            throw new CarrierException(CarrierFault.Lost, "the acknowledgement is overdue", e);
        }
    }

    /// <summary>What the answer says of the target's end: with all its bytes arrived, the other channel has nothing left to ask for.</summary>
    private async ValueTask EndAsync(WriteRequest request, WriteAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.Fin is not { } fin)
        {
            return;
        }

        receiving.ExpectEnd(fin);
        if (receiving.Next == fin)
        {
            await receiving.FinishAsync(fin, cancellationToken);
        }

        Complete |= request.Fin <= answer.Ack && request.Ack >= fin;
    }
}
