using Microsoft.Extensions.Time.Testing;
using TunnelAspire.Connector.Shaping;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Connector.Shaping;

public sealed class ShapedEndTests
{
    private const int Rate = 16_000;
    private const int Piece = Rate / 16;
    private static readonly TimeSpan PieceTime = TimeSpan.FromSeconds(1.0 / 16);

    private readonly FakeTimeProvider _time = new();
    private readonly MemorySource _source = new();
    private readonly MemorySink _sink = new();

    [Fact]
    public async Task Sending_FromAShapedSource_DeliversEveryByteAtTheRate()
    {
        const int Bytes = 10 * Piece;
        _source.Feed(Bytes);
        _source.End();
        using SendingHalf half = new(Shaped(up: false), 100_000);
        long begun = _time.GetTimestamp();

        long received = 0;
        while (received < Bytes)
        {
            Task<OutboundRange> take = half.TakeAsync(0, 100_000, CancellationToken.None).AsTask();
            while (!take.IsCompleted)
            {
                _time.Advance(PieceTime / 8);
                await Task.WhenAny(take, Task.Delay(1));
            }

            using OutboundRange range = await take;
            Assert.Equal(received, range.Offset);
            foreach (ReadOnlyMemory<byte> bytes in range.Bytes)
            {
                Pattern.Require(bytes.Span, received);
                received += bytes.Length;
            }

            Assert.InRange(received, 1, (Rate * (_time.GetElapsedTime(begun).TotalSeconds + 0.25)) + 1);
        }

        using OutboundRange last = await half.TakeAsync(0, 100_000, CancellationToken.None).Soon();
        Assert.Equal(Bytes, last.Fin);
    }

    [Fact]
    public async Task Read_CancelledWhileItWaitsForTheRate_KeepsItsTurn()
    {
        ShapedEnd end = Shaped(up: false);
        _source.Feed(10 * Piece);
        byte[] buffer = new byte[Piece];
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(Piece, await end.ReadAsync(buffer, CancellationToken.None).Soon());
        }

        using CancellationTokenSource over = new();
        Task<int> cancelled = end.ReadAsync(buffer, over.Token).AsTask();
        Assert.False(cancelled.IsCompleted);
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.Soon());
        Assert.Equal(4 * Piece, _source.Taken);

        _time.Advance(PieceTime);
        Assert.Equal(Piece, await end.ReadAsync(buffer, CancellationToken.None).Soon());
    }

    [Fact]
    public async Task Write_BeyondTheRate_WaitsForIt()
    {
        ShapedEnd end = Shaped(up: true);
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(Piece, await end.WriteAsync(Pattern.Bytes(i * Piece, 5 * Piece)).Soon());
        }

        Task<int> later = end.WriteAsync(Pattern.Bytes(4 * Piece, Piece)).AsTask();
        Assert.False(later.IsCompleted);
        _time.Advance(PieceTime);
        Assert.Equal(Piece, await later.Soon());
        Assert.Equal(5 * Piece, _sink.Written);
    }

    [Fact]
    public async Task Write_ThatWaitsForTheRate_IsReleasedByTheEndsEnd()
    {
        ShapedEnd end = Shaped(up: true);
        for (int i = 0; i < 4; i++)
        {
            await end.WriteAsync(Pattern.Bytes(i * Piece, Piece)).Soon();
        }

        Task<int> waiting = end.WriteAsync(Pattern.Bytes(4 * Piece, Piece)).AsTask();
        end.Reset();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.Soon());
    }

    [Fact]
    public async Task Rate_SharedByTwo_IsGivenInTurn()
    {
        BytePacer shared = new(Rate, _time);
        MemorySink other = new();
        ShapedEnd[] ends = [new(new MemoryEnd(_source, _sink), shared, null), new(new MemoryEnd(_source, other), shared, null)];
        for (int i = 0; i < 2; i++)
        {
            await ends[0].WriteAsync(Pattern.Bytes(i * Piece, Piece)).Soon();
            await ends[1].WriteAsync(Pattern.Bytes(i * Piece, Piece)).Soon();
        }

        Task<int>[] waiting = [ends[0].WriteAsync(Pattern.Bytes(2 * Piece, Piece)).AsTask(), ends[1].WriteAsync(Pattern.Bytes(2 * Piece, Piece)).AsTask()];
        _time.Advance(PieceTime);
        await waiting[0].Soon();
        Assert.False(waiting[1].IsCompleted);
        _time.Advance(PieceTime);
        await waiting[1].Soon();
    }

    private ShapedEnd Shaped(bool up)
    {
        BytePacer pacer = new(Rate, _time);
        return new ShapedEnd(new MemoryEnd(_source, _sink), up ? pacer : null, up ? null : pacer);
    }

    private sealed class MemoryEnd(MemorySource source, MemorySink sink) : IByteEnd
    {
        public int Available => source.Available;

        public ValueTask WaitAsync(CancellationToken cancellationToken) => source.WaitAsync(cancellationToken);

        public ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken) => source.ReadAsync(destination, cancellationToken);

        public ValueTask<int> WriteAsync(ReadOnlyMemory<byte> bytes) => sink.WriteAsync(bytes);

        public void Finish() => sink.Finish();

        public void Reset() => source.Fail(new IOException("reset"));

        public void Dispose() => source.End();
    }
}
