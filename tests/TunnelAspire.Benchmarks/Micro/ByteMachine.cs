using BenchmarkDotNet.Attributes;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Benchmarks.Micro;

/// <summary>The byte machine alone: from a source that is always ready, as ranges, into a sink that takes everything. An operation is a message.</summary>
[MemoryDiagnoser]
#pragma warning disable CA1001 // the runner calls End, which disposes the sending half
public class ByteMachine
#pragma warning restore CA1001
{
    private const int Messages = 4096;
    private const int Window = 4 * 1024 * 1024;

    private readonly Endless _ends = new();
    private SendingHalf _sending = null!;
    private ReceivingHalf _receiving = null!;

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

    /// <summary>Most bytes in a message.</summary>
    [Params(64, 16 * 1024, 1024 * 1024)]
    public int Message { get; set; }

    /// <summary>One stream for all iterations: what a stream costs once is not what a message costs.</summary>
    [GlobalSetup]
    public void Begin()
    {
        _sending = new SendingHalf(_ends, Window);
        _receiving = new ReceivingHalf(_ends, Window);
    }

    [GlobalCleanup]
    public void End() => _sending.Dispose();

    /// <summary>Takes a message, applies it at the other end, and acknowledges it.</summary>
    [Benchmark(OperationsPerInvoke = Messages)]
    public async Task<long> Move()
    {
        for (int i = 0; i < Messages; i++)
        {
            using OutboundRange range = await _sending.TakeAsync(0, Message, CancellationToken.None);
            await _receiving.ApplyAsync(range.Offset, range.Bytes, CancellationToken.None);
            _sending.Acknowledge(_receiving.Next);
        }

        return _receiving.Next;
    }
}
