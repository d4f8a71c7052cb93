using System.Buffers.Binary;
using System.Text;
using Xunit;

namespace TunnelAspire.IntegrationTests.Hostile;

/// <summary>Floods that HTTP/2 makes possible (RFC 9113, section 10.5), each on several connections. Nothing of the answers is read.</summary>
public sealed class Http2FloodTests(Besieged siege) : SiegeTests(siege)
{
    private const int Connections = 8;
    private const int Frames = 20_000;
    private const int Batch = 500;

    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte ResetStream = 3;
    private const byte Settings = 4;
    private const byte Ping = 6;
    private const byte WindowUpdate = 8;
    private const byte Continuation = 9;
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;

    /// <summary>GET /v1/path: of HPACK's static table 2 and 6, then literals for 4 and 1.</summary>
    private static readonly byte[] Request = [0x82, 0x86, 0x04, 8, .. Encoding.ASCII.GetBytes("/v1/path"), 0x01, 1, (byte)'a'];

    /// <summary>The frames of each flood, by their number.</summary>
    private static readonly Dictionary<string, Func<int, byte[]>> Floods = new()
    {
        ["rapid reset"] = number => [.. Frame(Headers, EndHeaders | EndStream, (2 * number) + 1, Request), .. Frame(ResetStream, 0, (2 * number) + 1, [0, 0, 0, 8])],
        ["streams without end"] = number => Frame(Headers, EndHeaders, (2 * number) + 1, Request),
        ["continuations"] = number => number == 0 ? Frame(Headers, 0, 1, Request) : Frame(Continuation, 0, 1, [0x00, 1, (byte)'x', 100, .. Enumerable.Repeat((byte)'y', 100)]),
        ["empty continuations"] = number => number == 0 ? Frame(Headers, 0, 1, Request) : Frame(Continuation, 0, 1, []),
        ["settings"] = _ => Frame(Settings, 0, 0, [0, 3, 0, 0, 0, 100]),
        ["pings"] = _ => Frame(Ping, 0, 0, new byte[8]),
        ["empty data"] = number => number == 0 ? Frame(Headers, EndHeaders, 1, Request) : Frame(Data, 0, 1, []),
        ["windows of one byte"] = number => number == 0 ? Frame(Settings, 0, 0, [0, 4, 0, 0, 0, 1]) : Frame(Headers, EndHeaders | EndStream, (2 * number) - 1, Request),
        ["window updates"] = _ => Frame(WindowUpdate, 0, 0, [0, 0, 0, 1]),
        ["unknown frames"] = number => Frame(0xEE, 0xFF, number, new byte[64]),
    };

    [Fact]
    public Task Floods_HoldUpNobody() => WithstandsAsync(async served =>
    {
        foreach ((string name, Func<int, byte[]> frames) in Floods)
        {
            await Task.WhenAll([served(), .. Enumerable.Range(0, Connections).Select(_ => FloodAsync(frames))]);
            await served();
            TestContext.Current.TestOutputHelper?.WriteLine(name);
        }
    });

    private async Task FloodAsync(Func<int, byte[]> frames)
    {
        await using System.Net.Sockets.NetworkStream stream = await Besieged.ConnectAsync(Siege.PortInHttp2);
        await Besieged.TrySendAsync(stream, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        await Besieged.TrySendAsync(stream, Frame(Settings, 0, 0, []));
        for (int number = 0; number < Frames; number += Batch)
        {
            byte[] batch = [.. Enumerable.Range(number, Batch).SelectMany(frames)];
            if (!await Besieged.TrySendAsync(stream, batch))
            {
                return; // cut, or the server reads no more
            }
        }
    }

    /// <summary>length (24) type (8) flags (8) stream (31): RFC 9113, section 4.1.</summary>
    private static byte[] Frame(byte type, int flags, int stream, byte[] payload)
    {
        byte[] frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame, (uint)payload.Length << 8);
        frame[3] = type;
        frame[4] = (byte)flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream & int.MaxValue);
        payload.CopyTo(frame, 9);
        return frame;
    }
}
