using System.Buffers;
using System.Runtime.CompilerServices;
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
    private readonly Traffic _traffic = new();
    private readonly Exchanges _exchanges = new();
    private SessionLife _life = null!;
    private Deadline? _spare; // of an exchange that has ended, for the next one
    private TaskCompletionSource? _lastWrite; // what waits for it goes on at once, and has nothing to hold up

    /// <summary>
    /// The first attempt to tell the end of the client's stream, while it is under way: its answer may tell the end of the target's
    /// as well. Completed where there is none.
    /// </summary>
    public Task LastWrite => Volatile.Read(ref _lastWrite)?.Task ?? Task.CompletedTask;

    /// <summary>Both ends know that the session is complete: there is nobody to say goodbye to.</summary>
    public bool Complete { get; private set; }

    /// <summary>Sends until the end of the client's stream has been acknowledged, or the session is over. What fails ends its life.</summary>
    /// <param name="brought">What the open has brought, acknowledged or not. The channel disposes it.</param>
    /// <param name="taken">The range after it, where somebody has begun to take it already.</param>
    /// <param name="life">The session's.</param>
    public async Task RunAsync(OutboundRange brought, Task<OutboundRange>? taken, SessionLife life)
    {
        _life = life;
        try
        {
            bool ended = brought.Fin is not null;
            if (sending.Acknowledged < brought.End)
            {
                _ = DeliverAsync(brought, null);
            }
            else
            {
                brought.Dispose();
            }

            if (taken is not null)
            {
                OutboundRange first = await taken;
                ended = first.Fin is not null;
                _ = DeliverAsync(first, null);
            }

            while (!ended)
            {
                await _exchanges.RoomAsync(control.Current.InFlight);
                ended = await BeginAsync();
            }
        }
        catch (Exception e)
        {
            life.Fail(e); // the source has failed, or the session is over
        }

        await _exchanges.RoomAsync(1);
        Interlocked.Exchange(ref _spare, null)?.Dispose();
    }

    /// <summary>Tells the ack, and that the first component is alive.</summary>
    /// <exception cref="CarrierException">It could not be told.</exception>
    /// <exception cref="TunnelException">The session is over, or the request is refused.</exception>
    public async Task TellAsync(CancellationToken cancellationToken) =>
        await WriteAsync(new WriteRequest(sending.Acknowledged, ReadOnlySequence<byte>.Empty, null, receiving.Next), cancellationToken);

    /// <summary>Waits for client bytes and begins a message with them; returns whether it is the stream's last.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> BeginAsync()
    {
        SendingHalf.Turn turn = await sending.EnterAsync(_life.Over);
        OpenMessage? more = null;
        try
        {
            ChannelSettings settings = control.Current;
            (int largest, bool brief) = settings.Message(_traffic.IsLight && retry.IsCalm);
            int most = Math.Min(largest, _size.Current);
            OutboundRange first = await turn.TakeAsync(0, most, _life.Over);
            _traffic.Carried((int)first.Length);
            if (settings.Mode == ChannelMode.Stream && first.Fin is null && first.Length < most)
            {
                more = new OpenMessage(turn, first, most, _traffic, _life.Over);
            }

            _ = DeliverAsync(first, more, brief);
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
    private async Task DeliverAsync(OutboundRange first, OpenMessage? more, bool brief = false)
    {
        _exchanges.Begin();
        OutboundRange range = first;
        RetryClock.Failures failures = new();
        if (first.Fin is not null)
        {
            Volatile.Write(ref _lastWrite, new TaskCompletionSource());
        }

        try
        {
            while (true)
            {
                long ack = await TryWriteAsync(range, more, brief, failures);
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
                    await retry.DelayAsync(PauseWhenStuck, _life.Over); // the target does not read: no failure, but no hurry
                }

                more?.Dispose();
                range.Dispose();
                range = default; // so that it is let go of once
                brief = false; // what shares a connection shares its end
                range = sending.Again(from, end, Math.Min(control.Current.MaxBytes, _size.Current));
            }
        }
        catch (Exception e)
        {
            _life.Fail(e);
        }
        finally
        {
            _lastWrite?.TrySetResult();
            more?.Dispose();
            range.Dispose();
            _exchanges.Land();
        }
    }

    /// <summary>One attempt; returns the ack, or -1 where there was none, after a pause.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<long> TryWriteAsync(OutboundRange range, OpenMessage? more, bool brief, RetryClock.Failures failures)
    {
        try
        {
            OpenMessage? open = more is { IsOpen: true } ? more : null;
            long ack = await WriteAsync(new WriteRequest(range.Offset, range.Bytes, range.Fin, receiving.Next, open, brief), _life.Over);
            _size.Passed();
            failures.Reset();
            return ack;
        }
        catch (Exception e) when (RetryClock.CanRetry(e))
        {
            _size.Failed(e, failures.Count, (int)(Math.Max(range.End, more?.End ?? 0) - range.Offset));
            await retry.PauseAsync(e, failures, _life.Over);
            return -1;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<long> WriteAsync(WriteRequest request, CancellationToken cancellationToken)
    {
        Deadline overdue = Interlocked.Exchange(ref _spare, null) ?? new Deadline(cancellationToken);
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
        finally
        {
            request.More?.Watch(null, default);
            overdue.After(Timeout.InfiniteTimeSpan);
            if (overdue.IsOver || Interlocked.CompareExchange(ref _spare, overdue, null) is not null)
            {
                overdue.Dispose();
            }
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
