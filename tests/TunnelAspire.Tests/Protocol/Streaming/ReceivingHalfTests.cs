using System.Net.Sockets;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Streaming;

public sealed class ReceivingHalfTests
{
    private const int Window = 1000;

    private readonly MemorySink _sink = new();
    private readonly ReceivingHalf _half;

    public ReceivingHalfTests() => _half = new ReceivingHalf(_sink, Window);

    [Fact]
    public async Task Apply_AtTheNextOffset_WritesAndAdvances()
    {
        await ApplyAsync(0, 100);

        Assert.Equal(100, _sink.Written);
        Assert.Equal(100, _half.Next);
    }

    [Fact]
    public async Task Apply_OfWhatIsThereAlready_WritesOnlyTheRest()
    {
        await ApplyAsync(0, 100);
        await ApplyAsync(50, 100);
        await ApplyAsync(0, 150);

        Assert.Equal(150, _sink.Written);
        Assert.Equal(150, _half.Next);
    }

    [Fact]
    public async Task Apply_AheadOfItsTurn_WaitsForTheMissingBytes()
    {
        Task early = ApplyAsync(100, 100).AsTask();
        Assert.False(early.IsCompleted);
        Assert.Equal(0, _sink.Written);

        await ApplyAsync(0, 100);
        await early.Soon();

        Assert.Equal(200, _sink.Written);
    }

    [Fact]
    public async Task Apply_ExactlyTheWindowAhead_Waits()
    {
        Task early = ApplyAsync(Window, 1).AsTask();
        Assert.False(early.IsCompleted);

        await ApplyAsync(0, Window);
        await early.Soon();

        Assert.Equal(Window + 1, _half.Next);
    }

    [Fact]
    public async Task Apply_FurtherAheadThanTheWindow_IsRefusedAtOnce()
    {
        TunnelException refusal = await Assert.ThrowsAsync<TunnelException>(() => ApplyAsync(Window + 1, 1).AsTask());

        Assert.Equal(TunnelError.OffsetGap, refusal.Error);
        Assert.Equal(0, _half.Next);
    }

    [Fact]
    public async Task Apply_CancelledWhileItWaits_WritesNothing()
    {
        using CancellationTokenSource patience = new();
        Task early = _half.ApplyAsync(100, Pattern.Bytes(100, 10), patience.Token).AsTask();
        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => early.Soon());
        await ApplyAsync(0, 100);
        Assert.Equal(100, _sink.Written);
    }

    [Fact]
    public async Task Apply_CancelledWhileAnotherWrites_LeavesTheWriteWhole()
    {
        _sink.Stop();
        Task first = ApplyAsync(0, 100).AsTask();
        using CancellationTokenSource patience = new();
        Task second = _half.ApplyAsync(0, Pattern.Bytes(0, 200), patience.Token).AsTask();
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.Soon());
        Assert.True(_half.Writing);

        _sink.Go();
        await first.Soon();

        Assert.Equal(100, _half.Next);
        Assert.False(_half.Writing);
    }

    [Fact]
    public async Task Apply_ByTwoAtOnce_WritesEachByteOnce()
    {
        _sink.Stop();
        Task first = ApplyAsync(0, 300).AsTask();
        Task second = ApplyAsync(100, 300).AsTask();
        _sink.Go();
        await Task.WhenAll(first, second).Soon();

        Assert.Equal(400, _sink.Written);
    }

    [Fact]
    public async Task Apply_WhenTheSinkFails_FailsAndLetsTheNextOneTry()
    {
        _sink.Stop();
        Task stuck = ApplyAsync(0, 10).AsTask();
        _sink.Fail(new SocketException((int)SocketError.ConnectionReset));
        await Assert.ThrowsAsync<SocketException>(() => stuck.Soon());
        _sink.Go();

        await ApplyAsync(0, 10).Soon();

        Assert.Equal(10, _half.Next);
    }

    [Fact]
    public async Task Apply_NextToTheLargestOffset_IsRefusedAndNeverWraps()
    {
        TunnelException refusal = await Assert.ThrowsAsync<TunnelException>(() => ApplyAsync(long.MaxValue - 1, 100).AsTask());

        Assert.Equal(TunnelError.OffsetGap, refusal.Error);
    }

    [Fact]
    public async Task Finish_BeforeItsBytes_WaitsForThem()
    {
        Task end = _half.FinishAsync(100, CancellationToken.None).AsTask();
        Assert.False(end.IsCompleted);

        await ApplyAsync(0, 100);
        await end.Soon();

        Assert.Equal(100, _sink.FinishedAt);
        Assert.True(_half.Finished);
    }

    [Fact]
    public async Task Finish_Repeated_HalfClosesOnce()
    {
        await _half.FinishAsync(0, CancellationToken.None);
        await _half.FinishAsync(0, CancellationToken.None);

        Assert.Equal(1, _sink.Finishes);
    }

    [Fact]
    public async Task Finish_BelowWhatHasArrived_IsMalformed()
    {
        await ApplyAsync(0, 100);

        TunnelException refusal = await Assert.ThrowsAsync<TunnelException>(() => _half.FinishAsync(99, CancellationToken.None).AsTask());

        Assert.Equal(TunnelError.Malformed, refusal.Error);
        Assert.Equal(0, _sink.Finishes);
    }

    [Fact]
    public async Task Finish_WithoutAMissingByte_NeverComesEarly()
    {
        await ApplyAsync(0, 99);
        using CancellationTokenSource patience = new();
        Task end = _half.FinishAsync(100, patience.Token).AsTask();
        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => end.Soon());
        Assert.Equal(0, _sink.Finishes);
        Assert.False(_half.Finished);
    }

    [Fact]
    public async Task Apply_BeyondTheEnd_IsMalformed()
    {
        await ApplyAsync(0, 10);
        await _half.FinishAsync(10, CancellationToken.None);

        TunnelException refusal = await Assert.ThrowsAsync<TunnelException>(() => ApplyAsync(5, 10).AsTask());

        Assert.Equal(TunnelError.Malformed, refusal.Error);
        Assert.Equal(10, _sink.Written);
    }

    [Fact]
    public async Task Apply_OfOldBytesAfterTheEnd_IsFine()
    {
        await ApplyAsync(0, 10);
        await _half.FinishAsync(10, CancellationToken.None);

        await ApplyAsync(3, 7);

        Assert.Equal(10, _half.Next);
    }

    private ValueTask ApplyAsync(long offset, int length) => _half.ApplyAsync(offset, Pattern.Bytes(offset, length), CancellationToken.None);
}
