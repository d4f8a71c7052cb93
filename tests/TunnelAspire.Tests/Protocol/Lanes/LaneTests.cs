using System.Net.Sockets;
using TunnelAspire.Protocol.Lanes;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Lanes;

/// <summary>A lane does as a socket does.</summary>
public sealed class LaneTests : IAsyncDisposable
{
    private const int Length = (6 * LaneFrame.MostBytes) + 3;

    private readonly LanePair _pair = new();

    public ValueTask DisposeAsync() => _pair.DisposeAsync();

    [Fact]
    public async Task Bytes_OnManyLanesAtOnce_PassBothWays()
    {
        const int Lanes = 20;
        Task echoing = Task.WhenAll(Enumerable.Range(0, Lanes).Select(async _ => await EchoAsync(await _pair.AcceptAsync())));

        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(i => Task.Run(async () =>
        {
            using Lane lane = _pair.Opening.Open();
            Task sending = PutAsync(lane, Pattern.Bytes(i * Length, Length));
            Pattern.Require(await ReceiveAsync(lane, Length), i * Length);
            await sending;
        }))).Soon();
        await echoing.Soon();
        await _pair.SettleAsync();
        Assert.Equal((0, 0), (_pair.Opening.Count, _pair.Taking.Count));
    }

    [Fact]
    public async Task Lanes_WhoseFirstBytesGoInAnotherOrder_AllPass()
    {
        Lane first = _pair.Opening.Open();
        Lane second = _pair.Opening.Open();

        await PutAsync(second, [2]);
        await PutAsync(first, [1]);

        Lane[] taken = [await _pair.AcceptAsync(), await _pair.AcceptAsync()];
        byte[][] brought = await Task.WhenAll(taken.Select(lane => ReceiveAsync(lane, 1)));
        Assert.Equal(new byte[] { 1, 2 }, brought.Select(bytes => bytes[0]).Order());
    }

    [Fact]
    public async Task Dispose_BehindBytes_IsTheEndOfThem()
    {
        (Lane here, Lane there) = await _pair.OpenAsync();
        await PutAsync(here, Pattern.Bytes(0, Length));
        here.Dispose();
        await _pair.SettleAsync();

        Pattern.Require(await ReceiveAsync(there, Length), 0);
        Assert.Equal(0, await there.ReceiveAsync(new byte[8], CancellationToken.None).Soon());
        Assert.Equal(0, await there.ReceiveAsync(new byte[8], CancellationToken.None).Soon());
        Assert.True(there.IsStale);
        await PutAsync(there, [1]); // is nobody's: nothing comes of it
        there.Dispose();
        await _pair.SettleAsync();
        Assert.Equal((0, 0), (_pair.Opening.Count, _pair.Taking.Count));
    }

    [Fact]
    public async Task EndSending_LeavesTheOtherDirection()
    {
        (Lane here, Lane there) = await _pair.OpenAsync();
        here.EndSending();

        Assert.Equal(0, await there.ReceiveAsync(new byte[8], CancellationToken.None).Soon());
        await PutAsync(there, Pattern.Bytes(0, Length));
        there.Dispose();

        Pattern.Require(await ReceiveAsync(here, Length), 0);
        Assert.Equal(0, await here.ReceiveAsync(new byte[8], CancellationToken.None).Soon());
        await FailsAsync(SocketError.ConnectionReset, () => here.PutAsync(new byte[1], CancellationToken.None).Soon());
    }

    [Fact]
    public async Task Abort_ResetsTheOther()
    {
        (Lane here, Lane there) = await _pair.OpenAsync();
        Task<int> waiting = there.ReceiveAsync(new byte[8], CancellationToken.None).AsTask();

        here.Abort();

        await FailsAsync(SocketError.ConnectionReset, () => waiting.Soon());
        await FailsAsync(SocketError.ConnectionReset, () => there.PutAsync(new byte[1], CancellationToken.None).Soon());
        await FailsAsync(SocketError.OperationAborted, () => here.ReceiveAsync(new byte[8], CancellationToken.None).Soon());
        await FailsAsync(SocketError.ConnectionReset, () => here.PutAsync(new byte[1], CancellationToken.None).Soon());
    }

    [Fact]
    public async Task Receive_WhereNothingIs_WouldBlock()
    {
        (Lane here, Lane there) = await _pair.OpenAsync();

        Assert.Equal((0, SocketError.WouldBlock), (there.Receive(new byte[8], SocketFlags.None, out SocketError outcome), outcome));
        Assert.False(there.IsStale);
        await PutAsync(here, [7]);
        await there.WaitAsync(CancellationToken.None).Soon();
        Assert.True(there.IsStale);
        Assert.Equal((1, SocketError.Success), (there.Receive(new byte[8], SocketFlags.None, out outcome), outcome));
    }

    [Fact]
    public async Task Receive_OfAPart_TellsTheRest()
    {
        (Lane here, Lane there) = await _pair.OpenAsync();
        await PutAsync(here, [1, 2, 3]);
        await there.WaitAsync(CancellationToken.None).Soon();
        byte[] part = new byte[2];

        Assert.Equal(2, there.Receive(part, SocketFlags.None, out _));
        Assert.True(there.WaitAsync(CancellationToken.None).AsTask().IsCompletedSuccessfully);
        Assert.Equal(1, there.Receive(part, SocketFlags.None, out _));
        Assert.Equal([3, 2], part);
        await WaitsAsync(there);
    }

    [Fact]
    public async Task Peek_LeavesTheBytes_AndTellsThem()
    {
        (Lane here, Lane there) = await _pair.OpenAsync();
        await PutAsync(here, [1, 2]);
        await there.WaitAsync(CancellationToken.None).Soon();

        Assert.Equal(1, there.Receive(new byte[1], SocketFlags.Peek, out _));
        Assert.Equal(2, there.Receive(new byte[8], SocketFlags.Peek, out _));
        Assert.True(there.WaitAsync(CancellationToken.None).AsTask().IsCompletedSuccessfully);
        Assert.Equal(2, there.Receive(new byte[8], SocketFlags.None, out _));
        await WaitsAsync(there);
    }

    [Fact]
    public async Task Look_LeavesTheBytes_AndAWaitIsForMore()
    {
        (Lane here, Lane there) = await _pair.OpenAsync();
        await PutAsync(here, [1, 2]);
        await there.WaitAsync(CancellationToken.None).Soon();
        byte[] seen = new byte[8];

        Assert.Equal((2, SocketError.Success), (there.Look(seen, out SocketError outcome), outcome));
        Task more = there.WaitAsync(CancellationToken.None).AsTask();
        Assert.False(more.IsCompleted);
        await PutAsync(here, [3]);
        await more.Soon();
        Assert.Equal(3, there.Look(seen, out _));
        Assert.Equal([1, 2, 3], seen[..3]);
    }

    [Fact]
    public async Task Take_OfWhatALookHasShown_TellsWhatIsLeft()
    {
        (Lane here, Lane there) = await _pair.OpenAsync();
        await PutAsync(here, [1, 2, 3, 4]);
        await there.WaitAsync(CancellationToken.None).Soon();
        byte[] seen = new byte[8];

        Assert.Equal(4, there.Look(seen, out _));
        there.Take(seen.AsSpan(0, 3), more: false);
        Assert.True(there.WaitAsync(CancellationToken.None).AsTask().IsCompletedSuccessfully);
        Assert.Equal(1, there.Look(seen, out _));
        Assert.Equal(4, seen[0]);
        there.Take(seen.AsSpan(0, 1), more: true);
        Assert.True(there.WaitAsync(CancellationToken.None).AsTask().IsCompletedSuccessfully);
        Assert.Equal((0, SocketError.WouldBlock), (there.Look(seen, out SocketError outcome), outcome));
        await WaitsAsync(there);
    }

    [Fact]
    public async Task Wait_ThatIsCancelled_LosesNothing()
    {
        (Lane here, Lane there) = await _pair.OpenAsync();
        using CancellationTokenSource cancel = new();
        Task<int> waiting = there.ReceiveAsync(new byte[8], cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Soon());

        await PutAsync(here, [1, 2]);

        Assert.Equal(2, await there.ReceiveAsync(new byte[8], CancellationToken.None).Soon());
    }

    [Fact]
    public async Task Bytes_BeyondWhatIsKept_CutTheirLane_AndNoOther()
    {
        (Lane here, Lane there) = await _pair.OpenAsync();
        (Lane other, Lane otherThere) = await _pair.OpenAsync();
        await PutAsync(here, new byte[Lane.MostKept]);
        await _pair.SettleAsync();
        Assert.Equal(Lane.MostKept, there.Receive(new byte[2 * Lane.MostKept], SocketFlags.Peek, out SocketError outcome));
        Assert.Equal(SocketError.Success, outcome);

        await PutAsync(here, [1]);

        await FailsAsync(SocketError.ConnectionReset, () => here.ReceiveAsync(new byte[8], CancellationToken.None).Soon());
        await FailsAsync(SocketError.OperationAborted, () => there.ReceiveAsync(new byte[8], CancellationToken.None).Soon());
        Task echoing = EchoAsync(otherThere);
        await PutAsync(other, Pattern.Bytes(0, Length));
        Pattern.Require(await ReceiveAsync(other, Length), 0);
        other.Dispose();
        await echoing.Soon();
    }

    [Fact]
    public async Task Wait_OfTwoAtOnce_IsRefused()
    {
        (_, Lane there) = await _pair.OpenAsync();
        using CancellationTokenSource cancel = new();
        Task first = there.WaitAsync(cancel.Token).AsTask();

        await Assert.ThrowsAsync<InvalidOperationException>(() => there.WaitAsync(CancellationToken.None).AsTask());
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.Soon());
    }

    private static async Task WaitsAsync(Lane lane)
    {
        using CancellationTokenSource cancel = new();
        Task wait = lane.WaitAsync(cancel.Token).AsTask();
        Assert.False(wait.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.Soon());
    }

    private static async Task FailsAsync(SocketError error, Func<Task> act) =>
        Assert.Equal(error, (await Assert.ThrowsAsync<SocketException>(act)).SocketErrorCode);

    private static Task PutAsync(Lane lane, byte[] bytes) => new LaneStream(lane).WriteAsync(bytes).Soon();

    private static async Task<byte[]> ReceiveAsync(Lane lane, int length)
    {
        byte[] bytes = new byte[length];
        for (int count = 0; count < length;)
        {
            int more = await lane.ReceiveAsync(bytes.AsMemory(count), CancellationToken.None).Soon();
            count += more > 0 ? more : throw new EndOfStreamException($"{count} bytes came");
        }

        return bytes;
    }

    private static async Task EchoAsync(Lane lane)
    {
        using LaneStream stream = new(lane);
        await stream.CopyToAsync(stream).Soon();
    }
}
