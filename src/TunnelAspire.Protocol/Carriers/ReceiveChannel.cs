using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;

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
    private const int SmallRead = 4 * 1024;
    private const int LargeRead = 64 * 1024;
    private const double HoldJitter = 0.1;
    private static readonly TimeSpan HolePatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan JoinedHold = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Generation _generation = new(0);
    private Exchanges _exchanges = null!;
    private ReadAnswer? _first;

    /// <summary>The requests that belong together; a newer generation cancels the older one's.</summary>
    private sealed class Generation(long number)
    {
        public long Number => number;

        public CancellationTokenSource Over { get; } = new();
    }

    /// <summary>Receives until the end of the target's stream has been handed on.</summary>
    /// <param name="first">An answer that has come unasked, with the open's. The channel disposes it.</param>
    /// <param name="cancellationToken">The session ends.</param>
    /// <exception cref="TunnelException">The session is over.</exception>
    public async Task RunAsync(ReadAnswer? first, CancellationToken cancellationToken)
    {
        using Exchanges exchanges = new(cancellationToken);
        _exchanges = exchanges;
        _first = first;
        if (first is null)
        {
            _generation = new Generation(1); // an answer to the open that was lost may have had bytes
        }

        exchanges.Start(() => ReceiveAsync(joined: false, exchanges.Over));
        try
        {
            await exchanges.EndAsync();
        }
        finally
        {
            await (Interlocked.Exchange(ref _first, null)?.DisposeAsync() ?? default);
        }
    }

    /// <summary>One request after the other: the first as long as the session lives, one that has joined as long as bytes flow.</summary>
    private async Task ReceiveAsync(bool joined, CancellationToken cancellationToken)
    {
        RetryClock.Failures failures = new();
        bool flowing = true;
        while (flowing && !receiving.Finished)
        {
            Generation generation = Volatile.Read(ref _generation);
            using Deadline exchange = new(cancellationToken, generation.Over.Token);
            try
            {
                bool empty = await ExchangeAsync(generation.Number, joined, exchange);
                flowing = !joined || !empty;
                failures.Reset();
                await (beforeNext?.Invoke() ?? Task.CompletedTask);
            }
            catch (Exception) when (!cancellationToken.IsCancellationRequested && (receiving.Finished || generation.Over.IsCancellationRequested))
            {
                // Another request of this generation failed, or the stream has ended: this one's outcome does not matter.
                flowing = !joined;
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
            {
                // Neither the session nor the generation ended: the answer is overdue.
                await FailAsync(generation, new CarrierException(CarrierFault.Lost, "the answer is overdue", e), failures, cancellationToken);
            }
            catch (Exception e) when (RetryClock.CanRetry(e))
            {
                await FailAsync(generation, e, failures, cancellationToken);
            }
        }

        if (receiving.Finished)
        {
            Renew(Volatile.Read(ref _generation)); // the others need not wait for their answers
        }
    }

    /// <summary>Bytes flow: as many requests wait as the settings allow. Behind an answer that is held open none needs to, until it is half full.</summary>
    private void Join(long brought)
    {
        ChannelSettings settings = control.Current;
        bool needed = settings.Mode != ChannelMode.Stream || brought > settings.MaxBytes / 2;
        while (needed && _exchanges.Count < settings.InFlight)
        {
            _exchanges.Start(() => ReceiveAsync(joined: true, _exchanges.Over));
        }
    }

    private Task FailAsync(Generation generation, Exception failure, RetryClock.Failures failures, CancellationToken cancellationToken)
    {
        Renew(generation);
        return retry.PauseAsync(failure, failures, cancellationToken);
    }

    private void Renew(Generation failed)
    {
        lock (_lock)
        {
            if (_generation != failed)
            {
                return;
            }

            _generation = new Generation(failed.Number + 1);
        }

        failed.Over.Cancel();
    }

    /// <summary>One request and its answer; returns whether the answer was empty.</summary>
    private async Task<bool> ExchangeAsync(long generation, bool joined, Deadline exchange)
    {
        ChannelSettings settings = control.Current;
        TimeSpan hold = joined && JoinedHold < settings.Hold ? JoinedHold : settings.Hold * (1 - (HoldJitter * Random.Shared.NextDouble()));
        exchange.After(hold + ChannelSettings.Slack);
        ReadRequest request = new(receiving.Next, generation, settings.MaxBytes, hold, settings.Mode == ChannelMode.Stream);
        retry.RequestSent();
        await using ReadAnswer answer = Interlocked.Exchange(ref _first, null) ?? await carrier.ReadAsync(request, exchange.Token);
        long end = await ApplyAsync(answer, exchange);
        await WaitForTurnAsync(end, exchange); // an empty answer shows a hole as well
        if (answer.Fin == end || receiving.End == end)
        {
            await receiving.FinishAsync(end, exchange.Token);
        }

        return end == answer.Offset;
    }

    /// <summary>Hands the answer's bytes on as they arrive, each in its turn; returns the offset behind the last.</summary>
    private async Task<long> ApplyAsync(ReadAnswer answer, Deadline exchange)
    {
        long offset = answer.Offset;
        if (answer.Length == 0)
        {
            return offset;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(answer.Length ?? SmallRead, control.Current.MaxBytes));
        bool full = false;
        try
        {
            while (true)
            {
                if (full && buffer.Length < LargeRead)
                {
                    ArrayPool<byte>.Shared.Return(buffer); // more than a little flows
                    buffer = ArrayPool<byte>.Shared.Rent(LargeRead);
                }

                exchange.After(control.Current.Hold + ChannelSettings.Slack);
                int count = await ReadAsync(answer.Body, buffer, exchange.Token);
                exchange.After(Timeout.InfiniteTimeSpan);
                if (count == 0)
                {
                    return offset;
                }

                full = count == buffer.Length && answer.Length is null;
                Join(offset + count - answer.Offset);
                await WaitForTurnAsync(offset, exchange);
                await receiving.ApplyAsync(offset, buffer.AsMemory(0, count), exchange.Token);
                offset += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<int> ReadAsync(Stream body, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await body.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new CarrierException(CarrierFault.Lost, $"the answer broke off: {e.Message}", e);
        }
    }

    /// <summary>Waits for the bytes before <paramref name="offset"/>, which another answer brings; that none does shows a hole.</summary>
    private async Task WaitForTurnAsync(long offset, Deadline exchange)
    {
        if (_exchanges.Count == 1 && offset > receiving.Next)
        {
            throw Hole(offset); // there is no other answer
        }

        while (offset > receiving.Next)
        {
            long before = receiving.Next;
            using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(exchange.Token);
            patience.CancelAfter(HolePatience);
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
