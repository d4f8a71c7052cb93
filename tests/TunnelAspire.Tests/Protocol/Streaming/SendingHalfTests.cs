using System.Buffers;
using System.Net.Sockets;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Streaming;

public sealed class SendingHalfTests : IDisposable
{
    private const int Window = 1000;

    private readonly MemorySource _source = new();
    private readonly SendingHalf _half;

    public SendingHalfTests() => _half = new SendingHalf(_source, Window);

    public void Dispose() => _half.Dispose();

    [Fact]
    public void Source_WhenNobodyAsks_IsNotRead()
    {
        _source.Feed(100);

        Assert.Equal(0, _source.Reads);
    }

    [Fact]
    public async Task Take_WithBytesThere_HandsThemOut()
    {
        _source.Feed(100);

        using OutboundRange range = await TakeAsync();

        Require(range, offset: 0, length: 100);
        Assert.Null(range.Fin);
        Assert.Equal(100, _half.Sent);
    }

    [Fact]
    public async Task Take_WhileItWaits_HoldsNoMemory()
    {
        Task<OutboundRange> waiting = TakeAsync();
        Assert.False(waiting.IsCompleted);
        Assert.Equal(0, _source.Reads);

        _source.Feed(1);
        using OutboundRange range = await waiting.Soon();

        Require(range, 0, 1);
    }

    [Fact]
    public async Task Take_OfAtMost_LeavesTheRestForTheNext()
    {
        _source.Feed(100);

        using OutboundRange first = await TakeAsync(most: 60);
        using OutboundRange second = await TakeAsync(most: 60);

        Require(first, 0, 60);
        Require(second, 60, 40);
    }

    [Fact]
    public async Task Take_FromASourceThatTellsNothing_StillBringsEverything()
    {
        MemorySource silent = new(mostPerRead: 7, tellsAvailable: false);
        using SendingHalf half = new(silent, Window);
        silent.Feed(20);

        long expected = 0;
        while (expected < 20)
        {
            using OutboundRange range = await half.TakeAsync(0, 100, CancellationToken.None).Soon();
            Require(range, expected, range.Length);
            expected = range.End;
        }
    }

    [Fact]
    public async Task Take_WithTheWindowFull_WaitsForAnAcknowledgement()
    {
        _source.Feed(Window + 500);
        using OutboundRange first = await TakeAsync(most: Window + 500);
        Require(first, 0, Window);

        Task<OutboundRange> waiting = TakeAsync();
        Assert.False(waiting.IsCompleted);
        Assert.Equal(Window, _source.Taken);

        _half.Acknowledge(200);
        using OutboundRange second = await waiting.Soon();

        Require(second, Window, 200);
    }

    [Fact]
    public async Task Take_Cancelled_TakesNothing()
    {
        using CancellationTokenSource hold = new();
        Task<OutboundRange> waiting = _half.TakeAsync(0, 100, hold.Token).AsTask();
        await hold.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Soon());
        _source.Feed(10);

        using OutboundRange range = await TakeAsync();

        Require(range, 0, 10);
    }

    [Fact]
    public async Task Take_ByTwo_ServesThemInTheOrderOfAsking()
    {
        Task<OutboundRange> first = TakeAsync(most: 10);
        Task<OutboundRange> second = TakeAsync(most: 10);
        _source.Feed(20);

        using OutboundRange one = await first.Soon();
        using OutboundRange two = await second.Soon();

        Require(one, 0, 10);
        Require(two, 10, 10);
    }

    [Fact]
    public async Task Take_AtTheEnd_SaysSoEachTime()
    {
        _source.Feed(10);
        _source.End();

        using OutboundRange bytes = await TakeAsync();
        using OutboundRange end = await TakeAsync();
        using OutboundRange again = await TakeAsync();

        Assert.Equal(10, bytes.Length);
        Assert.Equal((10L, 0, 10L), (end.Offset, end.Length, end.Fin!.Value));
        Assert.Equal(10, again.Fin);
        Assert.Equal(10, _half.Fin);
    }

    [Fact]
    public async Task Take_OfTheLastBytesAgain_BringsTheEndWithThem()
    {
        _source.Feed(10);
        _source.End();
        (await TakeAsync()).Dispose();
        (await TakeAsync()).Dispose();
        _half.Restart(1);

        using OutboundRange range = await TakeAsync(generation: 1);

        Require(range, 0, 10);
        Assert.Equal(10, range.Fin);
    }

    [Fact]
    public async Task Take_WhenTheSourceFails_FailsAtEveryCall()
    {
        _source.Fail(new SocketException((int)SocketError.ConnectionReset));

        await Assert.ThrowsAsync<SocketException>(() => TakeAsync());
        await Assert.ThrowsAsync<SocketException>(() => TakeAsync());
        Assert.Null(_half.Fin);
    }

    [Fact]
    public async Task Take_WhenTheSourceFailsAfterBytes_HandsTheBytesOutFirst()
    {
        _source.Feed(10);
        using OutboundRange lost = await TakeAsync();
        _source.Fail(new SocketException((int)SocketError.ConnectionReset));
        await Assert.ThrowsAsync<SocketException>(() => TakeAsync());
        _half.Restart(1);

        using OutboundRange again = await TakeAsync(generation: 1);

        Require(again, 0, 10);
        await Assert.ThrowsAsync<SocketException>(() => TakeAsync(generation: 1));
    }

    [Fact]
    public async Task Acknowledge_BeyondWhatWasSent_IsMalformed()
    {
        _source.Feed(10);
        (await TakeAsync()).Dispose();

        TunnelException refusal = Assert.Throws<TunnelException>(() => _half.Acknowledge(11));

        Assert.Equal(TunnelError.Malformed, refusal.Error);
        Assert.Equal(0, _half.Acknowledged);
    }

    [Fact]
    public async Task Acknowledge_OfLessThanBefore_IsOldNews()
    {
        _source.Feed(10);
        (await TakeAsync()).Dispose();
        _half.Acknowledge(8);
        _half.Acknowledge(3);

        Assert.Equal(8, _half.Acknowledged);
    }

    [Fact]
    public async Task Restart_WithANewerGeneration_BeginsAtTheAck()
    {
        _source.Feed(100);
        (await TakeAsync()).Dispose();
        _half.Acknowledge(30);

        Assert.True(_half.Restart(1));
        using OutboundRange range = await TakeAsync(generation: 1);

        Require(range, 30, 70);
        Assert.Equal(70, _half.Resent);
    }

    [Fact]
    public async Task Restart_Always_RefusesTheOlderGeneration()
    {
        Task<OutboundRange> waiting = TakeAsync();
        _half.Restart(2);
        _source.Feed(1);

        TunnelException refusal = await Assert.ThrowsAsync<TunnelException>(() => waiting.Soon());
        Assert.Equal(TunnelError.Superseded, refusal.Error);
        refusal = await Assert.ThrowsAsync<TunnelException>(() => TakeAsync(generation: 1));
        Assert.Equal(TunnelError.Superseded, refusal.Error);
        using OutboundRange range = await TakeAsync(generation: 2);
        Require(range, 0, 1);
    }

    [Fact]
    public async Task Restart_WithTheWindowFull_WakesTheOlderGeneration()
    {
        _source.Feed(Window + 1);
        (await TakeAsync(most: Window)).Dispose();
        Task<OutboundRange> waiting = TakeAsync();

        _half.Restart(1);

        TunnelException refusal = await Assert.ThrowsAsync<TunnelException>(() => waiting.Soon());
        Assert.Equal(TunnelError.Superseded, refusal.Error);
    }

    [Fact]
    public void Restart_WithAnOlderGeneration_ChangesNothing()
    {
        Assert.True(_half.Restart(5));
        Assert.False(_half.Restart(5));
        Assert.False(_half.Restart(4));
        Assert.Equal(5, _half.Generation);
    }

    [Fact]
    public async Task TryTake_WithNothingThere_ReadsNothing()
    {
        _source.Feed(10);

        Assert.False(_half.TryTake(0, 100, out _));
        Assert.Equal(0, _source.Reads);

        using OutboundRange first = await TakeAsync(most: 4);
        Assert.False(_half.TryTake(0, 100, out _));
        Assert.Equal(4, _source.Taken);
    }

    [Fact]
    public async Task Dispose_WhileARangeIsBeingSent_LeavesItsBytes()
    {
        _source.Feed(500);
        OutboundRange range = await TakeAsync();
        _half.Dispose();

        Require(range, 0, 500);
        range.Dispose();
    }

    [Fact]
    public async Task Dispose_WhileTheSourceIsBeingRead_EndsTheTakeWithoutBytes()
    {
        StuckSource stuck = new();
        SendingHalf half = new(stuck, Window);
        Task<OutboundRange> reading = half.TakeAsync(0, 100, CancellationToken.None).AsTask();

        half.Dispose();
        stuck.Bring(10);

        TunnelException failure = await Assert.ThrowsAsync<TunnelException>(() => reading.Soon());
        Assert.Equal(TunnelError.SessionGone, failure.Error);
    }

    [Fact]
    public async Task Dispose_WhileSomebodyWaitsForRoom_WakesHim()
    {
        _source.Feed(Window + 1);
        (await TakeAsync(most: Window)).Dispose();
        Task<OutboundRange> waiting = TakeAsync();

        _half.Dispose();

        TunnelException failure = await Assert.ThrowsAsync<TunnelException>(() => waiting.Soon());
        Assert.Equal(TunnelError.SessionGone, failure.Error);
    }

    /// <summary>A source whose read is under way until the test says what it brings.</summary>
    private sealed class StuckSource : IByteSource
    {
        private readonly TaskCompletionSource<int> _brought = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Available => 0;

        public void Bring(int bytes) => _brought.SetResult(bytes);

        public ValueTask WaitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken) => await _brought.Task;
    }

    private Task<OutboundRange> TakeAsync(int most = Window, long generation = 0) => _half.TakeAsync(generation, most, CancellationToken.None).AsTask();

    private static void Require(in OutboundRange range, long offset, int length)
    {
        Assert.Equal((offset, length), (range.Offset, range.Length));
        Pattern.Require(range.Bytes.ToArray(), offset);
    }
}
