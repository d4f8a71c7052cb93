using System.Buffers;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Harness;

[Flags]
internal enum Faults
{
    None = 0,
    Lose = 1,
    Repeat = 2,
    Delay = 4,
    Truncate = 8,
    All = Lose | Repeat | Delay | Truncate,
}

/// <summary>A carrier with everything that can befall messages, as often as <paramref name="seed"/> says.</summary>
/// <param name="inner">What carries the messages that get through.</param>
/// <param name="faults">What may befall them.</param>
/// <param name="seed">Of the choices; concurrent messages make them in the order of the scheduler.</param>
/// <param name="holes">How many holes it may make of which nobody is told: a reader notices each only after a while.</param>
internal sealed class FaultyCarrier(ICarrier inner, Faults faults, int seed, int holes) : ICarrier
{
    private const double Probability = 0.12;
    private const int LongestDelay = 5; // ms

    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);
    private readonly Dictionary<Faults, int> _made = [];
    private readonly List<Task> _late = [];
    private int _holes = holes;

    public int Made(Faults fault)
    {
        lock (_lock)
        {
            return _made.GetValueOrDefault(fault);
        }
    }

    public async Task<WriteAnswer> WriteAsync(WriteRequest request, CancellationToken cancellationToken)
    {
        await DelayAsync();
        Lose(Happens(Faults.Lose), "the request");
        if (Happens(Faults.Repeat))
        {
            WriteRequest copy = request with { Bytes = new ReadOnlySequence<byte>(request.Bytes.ToArray()), More = null };
            Late(() => inner.WriteAsync(copy, CancellationToken.None));
        }

        bool cut = Happens(Faults.Truncate);
        WriteAnswer answer = await inner.WriteAsync(cut ? request with { Bytes = Prefix(request.Bytes), More = null } : request, cancellationToken);
        Lose((cut && Below(2) == 0) || Happens(Faults.Lose), "the acknowledgement"); // else it tells what has been accepted
        await DelayAsync();
        return answer;
    }

    public async Task<ReadAnswer> ReadAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        await DelayAsync();
        Lose(Happens(Faults.Lose), "the request");
        if (Happens(Faults.Repeat, makesHole: true))
        {
            Late(async () => await (await inner.ReadAsync(request, CancellationToken.None)).DisposeAsync());
        }

        ReadAnswer answer = await inner.ReadAsync(request, cancellationToken);
        if (Happens(Faults.Lose))
        {
            await answer.DisposeAsync();
            Lose(true, "the answer");
        }

        await DelayAsync();
        return answer.Length > 0 && Happens(Faults.Truncate) ? await CutAsync(answer) : answer;
    }

    public Task EndAsync(string reason, CancellationToken cancellationToken) => inner.EndAsync(reason, cancellationToken);

    /// <summary>Waits for the copies that are still under way; fails if one was taken for a breach of the protocol.</summary>
    public Task SettleAsync() => Task.WhenAll(_late).Soon();

    private static void Lose(bool lost, string what)
    {
        if (lost)
        {
            throw new CarrierException(CarrierFault.Lost, $"{what} was lost on purpose");
        }
    }

    private ReadOnlySequence<byte> Prefix(ReadOnlySequence<byte> bytes) =>
        bytes.Length > 1 ? bytes.Slice(0, 1 + Below(bytes.Length - 1)) : bytes;

    private async Task<ReadAnswer> CutAsync(ReadAnswer answer)
    {
        byte[] prefix = new byte[Below(answer.Length!.Value)];
        await answer.Body.ReadExactlyAsync(prefix);
        await answer.DisposeAsync();
        bool tells = !Happens(Faults.Truncate, makesHole: true);
        return new ReadAnswer(answer.Offset, answer.Fin, answer.Length, tells ? new BrokenBody(prefix) : new MemoryStream(prefix));
    }

    private void Late(Func<Task> message)
    {
        lock (_lock)
        {
            _late.Add(SendLateAsync(message, _random.Next(LongestDelay + 1)));
        }
    }

    private static async Task SendLateAsync(Func<Task> message, int delay)
    {
        await Task.Delay(delay);
        try
        {
            await message();
        }
        catch (TunnelException e) when (e.Error == TunnelError.SessionGone || RetryClock.CanRetry(e))
        {
            // Nobody waits for the answer to a copy.
        }
    }

    private Task DelayAsync() => Happens(Faults.Delay) ? Task.Delay((int)Below(LongestDelay + 1)) : Task.CompletedTask;

    private bool Happens(Faults fault, bool makesHole = false)
    {
        lock (_lock)
        {
            bool happens = faults.HasFlag(fault) && _random.NextDouble() < Probability && (!makesHole || _holes-- > 0);
            _made[fault] = _made.GetValueOrDefault(fault) + (happens ? 1 : 0);
            return happens;
        }
    }

    private long Below(long limit)
    {
        lock (_lock)
        {
            return _random.NextInt64(limit);
        }
    }

    /// <summary>A body that breaks off, in the way of an HTTP response whose connection fails.</summary>
    private sealed class BrokenBody(byte[] prefix) : MemoryStream(prefix)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int count = await base.ReadAsync(buffer, cancellationToken);
            return count > 0 ? count : throw new IOException("cut on purpose");
        }
    }
}
