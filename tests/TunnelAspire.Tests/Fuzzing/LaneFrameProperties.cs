using System.Net.Sockets;
using CsCheck;
using TunnelAspire.Protocol.Lanes;
using TunnelAspire.Tests.Harness;
using TunnelAspire.Tests.Protocol.Lanes;

namespace TunnelAspire.Tests.Fuzzing;

/// <summary>Whatever comes in place of lanes' frames is taken, or refused as what it is; and no lane outlives it.</summary>
public sealed class LaneFrameProperties
{
    private const int Inputs = 2000;

    private static readonly Gen<byte[]> Frames = Gen.Select(Gen.UInt[0, 6], Gen.Int[0, 8], Gen.Byte.Array[0, 60])
        .Select((lane, kind, bytes) => kind > 5 ? ScriptedStream.Frame(lane, LaneFrameKind.Bytes, bytes) : ScriptedStream.Frame(lane, (LaneFrameKind)kind, kind == 0 ? bytes : []))
        .Array[0, 30].Select(frames => frames.SelectMany(frame => frame).ToArray());

    private static readonly Gen<(int Kind, int Where, byte What)[]> Changes = Gen.Select(Gen.Int[0, 4], Gen.Int[0, 10_000], Gen.Byte).Array[1, 5];

    [Fact]
    public async Task Frames_ThatWereNotChanged_AreTaken() => await Gen.Select(Frames, Gen.Int[1, 50]).SampleAsync(
        async (frames, size) => Assert.Null(await TakeAsync(frames, size)), iter: ParserProperties.Times(Inputs), threads: 1);

    [Fact]
    public async Task Frames_ThatWereChanged_AreTakenOrRefused() => await Gen.Select(Frames, Changes, Gen.Int[1, 50]).SampleAsync(
        async (frames, changes, size) => await TakeAsync(changes.Aggregate(frames, Change), size), iter: ParserProperties.Times(Inputs), threads: 1);

    [Fact]
    public async Task AnyBytes_AreTakenOrRefused() => await Gen.Select(Gen.Byte.Array[0, 400], Gen.Int[1, 50]).SampleAsync(
        async (bytes, size) => await TakeAsync(bytes, size), iter: ParserProperties.Times(Inputs), threads: 1);

    private static byte[] Change(byte[] frames, (int Kind, int Where, byte What) change)
    {
        int at = change.Where % (frames.Length + 1);
        return change.Kind switch
        {
            0 => [.. frames[..at], change.What, .. frames[at..]],
            1 when at < frames.Length => [.. frames[..at], .. frames[(at + 1)..]],
            2 when at < frames.Length => [.. frames[..at], change.What, .. frames[(at + 1)..]],
            3 => [.. frames[at..], .. frames[..at]],
            _ => frames[..at],
        };
    }

    /// <summary>What was wrong with the bytes, if anything. What they bring is echoed; one lane in three is left alone.</summary>
    private static async Task<IOException?> TakeAsync(byte[] bytes, int size)
    {
        List<Lane> lanes = [];
        List<Task> echoing = [];
        ScriptedStream stream = new([.. bytes.Chunk(size)]);
        LaneMultiplexer multiplexer = new(stream, lane =>
        {
            lanes.Add(lane);
            if (lane.Number % 3 != 0)
            {
                echoing.Add(EchoAsync(lane));
            }
        });
        IOException? refused = null;
        try
        {
            await multiplexer.RunAsync(stream.End(), CancellationToken.None).Soon();
        }
        catch (IOException e)
        {
            refused = e;
        }

        await Task.WhenAll(echoing).Soon();
        foreach (Lane lane in lanes)
        {
            lane.Receive(new byte[8], SocketFlags.None, out SocketError outcome);
            Assert.NotEqual(SocketError.WouldBlock, outcome);
            lane.Dispose();
        }

        Assert.Equal(0, multiplexer.Count);
        Assert.InRange(stream.Sent.Length, 0, 3 * (bytes.Length + LaneFrame.HeadLength));
        return refused;
    }

    private static async Task EchoAsync(Lane lane)
    {
        try
        {
            using LaneStream stream = new(lane);
            await stream.CopyToAsync(stream);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // Cut.
        }
    }
}
