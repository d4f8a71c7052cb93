using System.Runtime.CompilerServices;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Protocol.Carriers;

/// <summary>
/// The first component's receive channel: a read request waits at the second component; its answer brings bytes, and upon
/// receiving it the next request is armed (claim 7). After a failure a new generation begins at the ack.
/// Where several requests may wait at once, the others join the first while bytes flow: an idle session parks one.
/// </summary>
/// <param name="receiving">Where the bytes go.</param>
/// <param name="carrier">What brings them.</param>
/// <param name="control">How.</param>
/// <param name="retry">When a failed request is repeated.</param>
/// <param name="beforeNext">What is waited for before the next request is armed: it may turn out that none is needed.</param>
public sealed class ReceiveChannel(ReceivingHalf receiving, ICarrier carrier, ChannelControl control, RetryClock retry, Func<Task>? beforeNext = null)
{
    private const double HoldJitter = 0.1;
    private static readonly TimeSpan HolePatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan JoinedHold = TimeSpan.FromSeconds(1);

    private readonly Traffic _traffic = new();
    private readonly Exchanges _exchanges = new();
    private Generation _generation = new(0);
    private SessionLife _life = null!;
    private ReadAnswer? _first;

    /// <summary>Receives until the end of the target's stream has been handed on, or the session is over. What fails ends its life.</summary>
    /// <param name="first">An answer that has come unasked, with the open's. The channel disposes it.</param>
    /// <param name="life">The session's.</param>
    public async Task RunAsync(ReadAnswer? first, SessionLife life)
    {
        (_life, _first) = (life, first);
        if (first is null)
        {
            _generation = new Generation(1); // an answer to the open that was lost may have had bytes
        }

        _ = ReceiveAsync(joined: false);
        await _exchanges.RoomAsync(1);
        if (Interlocked.Exchange(ref _first, null) is { } unread)
        {
            await unread.DisposeAsync();
        }
    }

    /// <summary>One request after the other: the first as long as the session lives, one that has joined as long as bytes flow.</summary>
    private async Task ReceiveAsync(bool joined)
    {
        _exchanges.Begin();
        RetryClock.Failures failures = new();
        Generation generation = Volatile.Read(ref _generation);
        Deadline exchange = generation.Enter(_life.Over);
        try
        {
            for (bool flowing = true; flowing && !receiving.Finished;)
            {
                if (generation.IsOver)
                {
                    generation.Leave(exchange);
                    generation = Volatile.Read(ref _generation);
                    exchange = generation.Enter(_life.Over);
                }

                bool empty = await TryExchangeAsync(generation, joined, exchange, failures);
                flowing = !joined || !empty;
            }
        }
        catch (Exception e)
        {
            _life.Fail(e);
        }
        finally
        {
            generation.Leave(exchange);
            if (receiving.Finished)
            {
                Volatile.Read(ref _generation).End(); // the others need not wait for their answers
            }

            _exchanges.Land();
        }
    }

    /// <summary>One request and its answer, or a pause after its failure; returns whether nothing came of it.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> TryExchangeAsync(Generation generation, bool joined, Deadline exchange, RetryClock.Failures failures)
    {
        try
        {
            bool empty = await ExchangeAsync(generation.Number, joined, exchange);
            exchange.After(Timeout.InfiniteTimeSpan);
            failures.Reset();
            await (beforeNext?.Invoke() ?? Task.CompletedTask);
            return empty;
        }
        catch (Exception) when (!_life.IsOver && (receiving.Finished || generation.IsOver))
        {
            return true; // another request of this generation failed, or the stream has ended: this one's outcome does not matter
        }
        catch (OperationCanceledException e) when (!_life.IsOver)
        {
            // Neither the session nor the generation ended: the answer is overdue.
            await FailAsync(generation, new CarrierException(CarrierFault.Lost, "the answer is overdue", e), failures);
            return false;
        }
        catch (Exception e) when (RetryClock.CanRetry(e))
        {
            await FailAsync(generation, e, failures);
            return false;
        }
    }

    /// <summary>Bytes flow: as many requests wait as the settings allow. Behind an answer that is held open none needs to, until it is half full.</summary>
    private void Join(long brought, int most)
    {
        ChannelSettings settings = control.Current;
        bool needed = settings.Mode != ChannelMode.Stream || brought > most / 2;
        for (int i = 0; needed && i < settings.InFlight && _exchanges.Count < settings.InFlight; i++) // when the stream has ended, each ends as soon as it begins
        {
            _ = ReceiveAsync(joined: true);
        }
    }

    private Task FailAsync(Generation generation, Exception failure, RetryClock.Failures failures)
    {
        if (Interlocked.CompareExchange(ref _generation, new Generation(generation.Number + 1), generation) == generation)
        {
            generation.End();
        }

        return retry.PauseAsync(failure, failures, _life.Over);
    }

    /// <summary>One request and its answer; returns whether the answer was empty.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> ExchangeAsync(long generation, bool joined, Deadline exchange)
    {
        ChannelSettings settings = control.Current;
        TimeSpan hold = joined && JoinedHold < settings.Hold ? JoinedHold : settings.Hold * (1 - (HoldJitter * Random.Shared.NextDouble()));
        exchange.After(hold + ChannelSettings.Slack);
        (int most, bool brief) = settings.Message(_traffic.IsLight && retry.IsCalm);
        ReadRequest request = new(receiving.Next, generation, most, hold, settings.Mode == ChannelMode.Stream, brief);
        retry.RequestSent();
        await using ReadAnswer answer = Interlocked.Exchange(ref _first, null) ?? await carrier.ReadAsync(request, exchange.Token);
        long end = answer.Length == 0 ? answer.Offset : await ApplyAsync(answer, most, exchange);
        await WaitForTurnAsync(end, exchange); // an empty answer shows a hole as well
        if (answer.Fin == end || receiving.End == end)
        {
            await receiving.FinishAsync(end, exchange.Token);
        }

        return end == answer.Offset;
    }

    /// <summary>Hands the answer's bytes on as they arrive, each in its turn; returns the offset behind the last.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<long> ApplyAsync(ReadAnswer answer, int most, Deadline exchange)
    {
        using AnswerBuffer buffer = new(answer, most);
        long offset = answer.Offset;
        for (int count = 0; ;)
        {
            exchange.After(control.Current.Hold + ChannelSettings.Slack);
            Memory<byte> bytes = buffer.Next(count);
            count = await AnswerBuffer.ReadAsync(answer.Body, bytes, exchange.Token);
            exchange.After(Timeout.InfiniteTimeSpan);
            if (count == 0)
            {
                return offset;
            }

            _traffic.Carried(count);
            Join(offset + count - answer.Offset, most);
            await WaitForTurnAsync(offset, exchange);
            await receiving.ApplyAsync(offset, bytes[..count], exchange.Token);
            offset += count;
        }
    }

    /// <summary>Waits for the bytes before <paramref name="offset"/>, which another answer brings; that none does shows a hole.</summary>
    private ValueTask WaitForTurnAsync(long offset, Deadline exchange) => offset <= receiving.Next ? ValueTask.CompletedTask
        : _exchanges.Count == 1 ? throw Hole(offset) // there is no other answer
        : WaitForOthersAsync(offset, exchange);

    private async ValueTask WaitForOthersAsync(long offset, Deadline exchange)
    {
        while (offset > receiving.Next)
        {
            long before = receiving.Next;
            using Deadline patience = new(exchange.Token);
            patience.After(HolePatience);
            try
            {
                await receiving.WaitForTurnAsync(offset, patience.Token);
            }
            catch (OperationCanceledException) when (!exchange.IsOver)
            {
                // Patience ran out. A client that does not read makes everybody wait; else the bytes before are lost.
                if (receiving.Next == before && !receiving.Writing)
                {
                    throw Hole(offset);
                }
            }
        }
    }

    private CarrierException Hole(long offset) => new(CarrierFault.Lost, $"bytes from {receiving.Next} to {offset} are missing");
}
