using BenchmarkDotNet.Attributes;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Benchmarks;

/// <summary>The byte machine alone: from a source that is always ready, as ranges, into a sink that takes everything.</summary>
[MemoryDiagnoser]
public class ByteMachine
{
    private const int Total = 16 * 1024 * 1024;

    private sealed class Endless : IByteSource, IByteSink
    {
        public int Available => 256 * 1024;

        public ValueTask WaitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken) => new(destination.Length);

        public ValueTask<int> WriteAsync(ReadOnlyMemory<byte> bytes) => new(bytes.Length);

        public void Finish()
        {
        }
    }

    /// <summary>Most bytes in a range.</summary>
    [Params(64, 16 * 1024, 1024 * 1024)]
    public int Message { get; set; }

    /// <summary>Moves 16 MiB, acknowledging each range.</summary>
    [Benchmark(OperationsPerInvoke = 1)]
    public async Task<long> Move()
    {
        Endless ends = new();
        using SendingHalf sending = new(ends, 4 * 1024 * 1024);
        ReceivingHalf receiving = new(ends, 4 * 1024 * 1024);
        while (receiving.Next < Total)
        {
            using OutboundRange range = await sending.TakeAsync(0, Message, CancellationToken.None);
            await receiving.ApplyAsync(range.Offset, range.Bytes, CancellationToken.None);
            sending.Acknowledge(receiving.Next);
        }

        return receiving.Next;
    }
}
