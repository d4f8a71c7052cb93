using System.Net.Sockets;
using TunnelAspire.Protocol.Lanes;
using TunnelAspire.Tests.Harness;
using static TunnelAspire.Tests.Protocol.Lanes.ScriptedStream;

namespace TunnelAspire.Tests.Protocol.Lanes;

public sealed class LaneMultiplexerTests
{
    private readonly List<Lane> _accepted = [];

    public static TheoryData<byte[]> Broken =>
    [
        Frame(1, (LaneFrameKind)6),
        Frame(0, (LaneFrameKind)255),
        Frame(1, LaneFrameKind.End, 1),
        Frame(0, LaneFrameKind.Ping, 1, 2, 3),
        Frame(1, LaneFrameKind.Bytes, new byte[LaneFrame.MostBytes + 1]),
        new byte[] { 0, 0, 0, 1, 0, 0xFF, 0xFF, 0xFF },
    ];

    [Fact]
    public async Task Frames_SplitAnywhere_AreUnderstood()
    {
        byte[] long2 = Pattern.Bytes(0, 300);
        byte[] frames =
        [
            .. Frame(1, LaneFrameKind.Bytes, "hello"u8.ToArray()), .. Frame(2, LaneFrameKind.Bytes, long2), .. Frame(1, LaneFrameKind.Bytes, " you"u8.ToArray()),
            .. Frame(1, LaneFrameKind.End), .. Frame(3, LaneFrameKind.Bytes, 7), .. Frame(3, LaneFrameKind.Cut), .. Frame(0, LaneFrameKind.Ping),
        ];
        for (int at = 0; at <= frames.Length; at++)
        {
            await RequireAsync([frames[..at], frames[at..]]);
        }

        await RequireAsync([.. frames.Select(one => new[] { one })]);

        async Task RequireAsync(byte[][] parts)
        {
            _accepted.Clear();
            ScriptedStream stream = new(parts);
            Task running = Run(stream);
            await stream.Taken.Soon();
            Assert.Equal("hello you"u8.ToArray(), Received(_accepted[0]));
            Assert.True(_accepted[0].WaitAsync(CancellationToken.None).AsTask().IsCompletedSuccessfully);
            Assert.Equal((0, SocketError.Success), (_accepted[0].Receive(new byte[8], SocketFlags.None, out SocketError outcome), outcome));
            Assert.Equal(long2, Received(_accepted[1]));
            Assert.Equal((0, SocketError.ConnectionReset), (_accepted[2].Receive(new byte[8], SocketFlags.None, out outcome), outcome));
            Assert.Equal(Frame(0, LaneFrameKind.Pong), stream.Sent);
            stream.End();
            await running.Soon();
        }
    }

    [Fact]
    public async Task Frame_OfTheLargestSize_IsUnderstood_WhateverComesBeforeIt()
    {
        byte[] large = Pattern.Bytes(0, LaneFrame.MostBytes);
        ScriptedStream stream = new(Frame(1, LaneFrameKind.Bytes, 1, 2, 3), [.. Frame(2, LaneFrameKind.Bytes, large), .. Frame(3, LaneFrameKind.Bytes, large)], Frame(4, LaneFrameKind.Bytes, large));
        Task running = Run(stream);
        await stream.Taken.Soon();

        Assert.All(_accepted[1..], lane => Assert.Equal(large, Received(lane)));
        Assert.Equal(4, _accepted.Count);
        stream.End();
        await running.Soon();
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task Frame_ThatIsBroken_EndsAllLanes(byte[] broken)
    {
        ScriptedStream stream = new([.. Frame(1, LaneFrameKind.Bytes, 1), .. Frame(2, LaneFrameKind.Bytes, 2)], broken);
        LaneMultiplexer lanes = Multiplexer(stream);

        await Assert.ThrowsAsync<IOException>(() => lanes.RunAsync(stream, CancellationToken.None).Soon());

        await RequireOverAsync(lanes);
    }

    [Fact]
    public async Task Input_ThatEnds_EndsAllLanes()
    {
        ScriptedStream stream = new([.. Frame(1, LaneFrameKind.Bytes, 1), .. Frame(2, LaneFrameKind.Bytes, 2)]);
        LaneMultiplexer lanes = Multiplexer(stream);
        Task pong = lanes.PingAsync();

        await lanes.RunAsync(stream.End(), CancellationToken.None).Soon();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pong.Soon());
        await RequireOverAsync(lanes);
    }

    [Fact]
    public async Task Input_ThatEndsAfterALane_LeavesWhatTheLaneHasBrought()
    {
        ScriptedStream stream = new([.. Frame(1, LaneFrameKind.Bytes, 1, 2, 3), .. Frame(1, LaneFrameKind.End)]);

        await Run(stream.End()).Soon();

        Assert.Equal([1, 2, 3], Received(_accepted[0]));
        Assert.Equal((0, SocketError.Success), (_accepted[0].Receive(new byte[8], SocketFlags.None, out SocketError outcome), outcome));
    }

    [Fact]
    public async Task Output_ThatFails_EndsAllLanes()
    {
        LaneMultiplexer lanes = new(new BrokenStream());
        Lane lane = lanes.Open();
        Task<int> receiving = lane.ReceiveAsync(new byte[8], CancellationToken.None).AsTask();

        await lane.PutAsync(new byte[1], CancellationToken.None).Soon();

        await FailsAsync(SocketError.ConnectionReset, () => receiving.Soon());
        await FailsAsync(SocketError.ConnectionReset, () => lane.PutAsync(new byte[1], CancellationToken.None).Soon());
        lane.Dispose();
        Assert.Equal(0, lanes.Count);
    }

    [Fact]
    public async Task Leave_IsTold_AndLanesAfterItAreCut()
    {
        await using LanePair pair = new();
        (Lane here, Lane there) = await pair.OpenAsync();

        pair.Taking.Leave();
        await pair.Opening.Leaving.Soon();
        Lane late = pair.Opening.Open();
        await late.PutAsync(new byte[1], CancellationToken.None).Soon();

        await FailsAsync(SocketError.ConnectionReset, () => late.ReceiveAsync(new byte[8], CancellationToken.None).Soon());
        await there.PutAsync(new byte[] { 5, 6 }, CancellationToken.None).Soon();
        Assert.Equal(2, await here.ReceiveAsync(new byte[8], CancellationToken.None).Soon());
        Assert.Equal(1, pair.Taking.Count);
    }

    [Fact]
    public async Task Ping_IsAnswered_EachTime()
    {
        await using LanePair pair = new();

        for (int i = 0; i < 100; i++)
        {
            await Task.WhenAll(pair.Opening.PingAsync(), pair.Opening.PingAsync(), pair.Taking.PingAsync()).Soon();
        }
    }

    [Fact]
    public async Task Peer_ThatMayOpenNone_IsIgnored()
    {
        ScriptedStream stream = new([.. Frame(1, LaneFrameKind.Bytes, 1), .. Frame(7, LaneFrameKind.Bytes, 1), .. Frame(7, LaneFrameKind.End), .. Frame(0, LaneFrameKind.Ping)]);
        LaneMultiplexer lanes = new(stream);
        Task running = lanes.RunAsync(stream, CancellationToken.None);
        await stream.Taken.Soon();

        Assert.Equal(0, lanes.Count);
        Assert.Equal(Frame(0, LaneFrameKind.Pong), stream.Sent);
        stream.End();
        await running.Soon();
    }

    [Fact]
    public async Task Numbers_ThatWereUsed_AreNoNewLanes()
    {
        ScriptedStream stream = new(
        [
            .. Frame(3, LaneFrameKind.Bytes, 1), .. Frame(2, LaneFrameKind.Bytes, 2), .. Frame(3, LaneFrameKind.Bytes, 3), .. Frame(2, LaneFrameKind.Cut),
            .. Frame(0, LaneFrameKind.Bytes, 4), .. Frame(4, LaneFrameKind.End), .. Frame(4, LaneFrameKind.Bytes, 5),
        ]);
        LaneMultiplexer lanes = new(stream, lane =>
        {
            _accepted.Add(lane);
            lane.Dispose();
        });
        Task running = lanes.RunAsync(stream, CancellationToken.None);
        await stream.Taken.Soon();

        Assert.Equal(2, _accepted.Count);
        Assert.Equal([.. Frame(3, LaneFrameKind.End), .. Frame(4, LaneFrameKind.End)], stream.Sent);
        Assert.Equal(0, lanes.Count);
        stream.End();
        await running.Soon();
    }

    [Fact]
    public async Task Lanes_BeyondTheMost_AreCut()
    {
        byte[] last = Frame(LaneMultiplexer.MostLanes + 1, LaneFrameKind.Bytes);
        ScriptedStream stream = new([.. Enumerable.Range(1, LaneMultiplexer.MostLanes).SelectMany(number => Frame((uint)number, LaneFrameKind.Bytes)), .. last]);
        LaneMultiplexer lanes = Multiplexer(stream);
        Task running = lanes.RunAsync(stream, CancellationToken.None);
        await stream.Taken.Soon();

        Assert.Equal((LaneMultiplexer.MostLanes, LaneMultiplexer.MostLanes), (lanes.Count, _accepted.Count));
        Assert.Equal(Frame(LaneMultiplexer.MostLanes + 1, LaneFrameKind.Cut), stream.Sent);
        stream.End();
        await running.Soon();
    }

    [Fact]
    public async Task Put_WhereTheOutputTakesNothing_Waits_AndLosesNothing()
    {
        const int Most = 100;
        ScriptedStream stream = new();
        stream.Shut();
        LaneMultiplexer lanes = new(stream);
        Lane lane = lanes.Open();
        List<byte[]> put = [];
        Task<int> waiting = Task.FromResult(0);
        while (waiting.IsCompleted && put.Count < Most)
        {
            put.Add(Pattern.Bytes(put.Count * 10_000, 10_000));
            waiting = lane.PutAsync(put[^1], CancellationToken.None).AsTask();
        }

        Assert.False(waiting.IsCompleted, "as much as one likes is gathered");
        using CancellationTokenSource cancel = new();
        Task<int> other = lanes.Open().PutAsync(new byte[1], cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other.Soon());
        lanes.Leave(); // there is always room for it

        stream.Open();

        Assert.Equal(10_000, await waiting.Soon());
        lane.Dispose();
        byte[] end = Frame(1, LaneFrameKind.End);
        await Waiting.UntilAsync(() => stream.Sent.AsSpan().EndsWith(end), "all is sent");
        Assert.Equal([.. put.SelectMany(bytes => bytes)], BytesOf(1, stream.Sent));
        Assert.Empty(BytesOf(2, stream.Sent));
    }

    [Fact]
    public async Task Put_ThatWaits_FailsWhereTheLanesEnd()
    {
        ScriptedStream stream = new();
        stream.Shut();
        LaneMultiplexer lanes = Multiplexer(stream);
        Lane lane = lanes.Open();
        Task<int> waiting = Task.FromResult(0);
        for (int i = 0; waiting.IsCompleted && i < 100; i++)
        {
            waiting = lane.PutAsync(new byte[LaneFrame.MostBytes], CancellationToken.None).AsTask();
        }

        Task running = lanes.RunAsync(stream.End(), CancellationToken.None);

        await FailsAsync(SocketError.ConnectionReset, () => waiting.Soon());
        stream.Open();
        await running.Soon();
    }

    [Theory]
    [InlineData((byte)LaneFrameKind.Ping)]
    [InlineData((byte)LaneFrameKind.Bytes)]
    public async Task Answers_ThatThePeerDoesNotTake_AreNotGatheredWithoutEnd(byte asking)
    {
        const int Frames = 1_000_000;
        byte[] flood = new byte[Frames * LaneFrame.HeadLength];
        for (int i = 0; i < Frames; i++)
        {
            new LaneFrame((uint)i + 1, (LaneFrameKind)asking, 0).Write(flood.AsSpan(i * LaneFrame.HeadLength));
        }

        ScriptedStream stream = new(flood);
        stream.Shut();
        LaneMultiplexer lanes = new(stream, lane => lane.Dispose());
        Task running = lanes.RunAsync(stream, CancellationToken.None);
        await Task.WhenAny(running, stream.Taken).Soon();
        _ = lanes.PingAsync();
        stream.Open();
        await Waiting.UntilAsync(() => running.IsCompleted || stream.Sent.AsSpan().EndsWith(Frame(0, LaneFrameKind.Ping)), "it is cut, or all is sent");
        stream.End();
        await Task.WhenAny(running).Soon();

        Assert.InRange(stream.Largest, 0, flood.Length / 4);
    }

    /// <summary>What the frames bring on a lane.</summary>
    private static byte[] BytesOf(uint lane, byte[] frames)
    {
        List<byte> bytes = [];
        for (int at = 0; at < frames.Length;)
        {
            LaneFrame frame = LaneFrame.Read(frames.AsSpan(at));
            at += LaneFrame.HeadLength + frame.Length;
            bytes.AddRange(frame.Lane == lane ? frames[(at - frame.Length)..at] : []);
        }

        return [.. bytes];
    }

    private static byte[] Received(Lane lane)
    {
        byte[] bytes = new byte[Lane.MostKept];
        return bytes[..lane.Receive(bytes, SocketFlags.None, out _)];
    }

    private static async Task FailsAsync(SocketError error, Func<Task> act) =>
        Assert.Equal(error, (await Assert.ThrowsAsync<SocketException>(act)).SocketErrorCode);

    private LaneMultiplexer Multiplexer(ScriptedStream stream) => new(stream, _accepted.Add);

    private Task Run(ScriptedStream stream) => Multiplexer(stream).RunAsync(stream, CancellationToken.None);

    private async Task RequireOverAsync(LaneMultiplexer lanes)
    {
        Assert.NotEmpty(_accepted);
        foreach (Lane lane in _accepted)
        {
            await FailsAsync(SocketError.ConnectionReset, () => lane.ReceiveAsync(new byte[8], CancellationToken.None).Soon());
            await FailsAsync(SocketError.ConnectionReset, () => lane.PutAsync(new byte[1], CancellationToken.None).Soon());
            lane.Dispose();
        }

        Lane late = lanes.Open();
        Task<int> waiting = late.ReceiveAsync(new byte[8], CancellationToken.None).AsTask();
        await Assert.ThrowsAsync<SocketException>(() => late.PutAsync(new byte[1], CancellationToken.None).Soon());
        await Assert.ThrowsAsync<SocketException>(() => waiting.Soon());
        late.Dispose();
        await lanes.Leaving.Soon();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lanes.PingAsync().Soon());
        Assert.Equal(0, lanes.Count);
    }

    private sealed class BrokenStream : BareStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("broken");
    }
}
