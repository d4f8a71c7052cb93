using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Edge;

public abstract class BodyEdgeTests(TunnelHosts hosts, Func<TunnelHosts, Uri> entrance) : EdgeTests(hosts, entrance)
{
    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/json")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("binary/tcpx")]
    [InlineData(null)]
    public async Task MediaType_ThatCarriesNoBytes_IsUnsupported(string? mediaType)
    {
        (await Session.SendAsync("?offset=0", EdgeClient.Bytes(new byte[10], mediaType)))
            .Require(TunnelError.UnsupportedMediaType, "binary/tcp", "application/octet-stream");
        (await Client.AskOpenAsync($"?target={Hosts.Target}", content: EdgeClient.Bytes(new byte[10], mediaType)))
            .Require(TunnelError.UnsupportedMediaType, "binary/tcp", "application/octet-stream");
        await RequireUnharmedAsync();
    }

    [Theory]
    [InlineData("binary/tcp")]
    [InlineData("Binary/TCP")]
    [InlineData("binary/tcp; charset=binary")]
    [InlineData("application/octet-stream")]
    public async Task MediaType_ThatCarriesBytes_IsTaken(string mediaType)
    {
        (await Session.SendAsync("?offset=0", EdgeClient.Bytes(Pattern.Bytes(0, 10), mediaType))).Require(200);

        await Session.RequireReceivedAsync(upTo: 10);
    }

    [Fact]
    public async Task Send_WhoseConnectionIsReset_LeavesTheSessionOpen()
    {
        byte[] half = Pattern.Bytes(0, 50);
        using (System.Net.Sockets.TcpClient client = await Client.ConnectAsync())
        {
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(Session.RawSend("?offset=0", "Content-Length: 100")));
            await client.GetStream().WriteAsync(half);
            await Session.RequireReceivedAsync(upTo: 50); // the body is being read
            client.Client.LingerState = new(true, 0);
        }

        (await Session.SendAsync("?offset=50", Pattern.Bytes(50, 50))).Require(200);
        await Session.RequireReceivedAsync(upTo: 100);
    }

    [Fact]
    public async Task MediaType_WithoutABody_MayBeLeftOut() =>
        (await Session.SendAsync("?offset=0", EdgeClient.Bytes([], mediaType: null))).Require(200);

    [Fact]
    public async Task Body_AtTheLimit_IsTaken() => await Session.RequireEchoAsync(TunnelHosts.MaxBody);

    [Theory]
    [InlineData(TunnelHosts.MaxBody + 1)]
    [InlineData(4 * 1024 * 1024)]
    public async Task Body_WithALengthAboveTheLimit_IsTooLarge(int length)
    {
        (await Session.SendAsync("?offset=0", new byte[length])).Require(TunnelError.BodyTooLarge, $"{length}", $"{TunnelHosts.MaxBody}");
        (await Client.AskOpenAsync($"?target={Hosts.Target}", content: EdgeClient.Bytes(new byte[length])))
            .Require(TunnelError.BodyTooLarge, $"{length}", $"{TunnelHosts.MaxBody}");
        await RequireUnharmedAsync();
    }

    [Theory]
    [InlineData(TunnelHosts.MaxBody + 1)]
    [InlineData(4 * 1024 * 1024)]
    public async Task Body_InChunksAboveTheLimit_IsTooLarge(int length)
    {
        using HttpContent chunked = Chunked(Pattern.Bytes(0, length));

        (await Session.SendAsync("?offset=0", chunked)).Require(TunnelError.BodyTooLarge);

        long applied = (await Session.SendAsync("?offset=0")).Require(200).Ack;
        Assert.InRange(applied, 0, TunnelHosts.MaxBody);
        await Session.RequireReceivedAsync(upTo: applied);
        await RequireUnharmedAsync();
    }

    [Fact]
    public async Task Body_InChunks_IsTaken()
    {
        using HttpContent chunked = Chunked(Pattern.Bytes(0, TunnelHosts.MaxBody));

        Assert.Equal(TunnelHosts.MaxBody, (await Session.SendAsync("?offset=0", chunked)).Require(200).Ack);

        await Session.RequireReceivedAsync(upTo: TunnelHosts.MaxBody);
    }

    [Theory]
    [InlineData("Content-Length: 100", "")]
    [InlineData("Transfer-Encoding: chunked", "64\r\n")]
    public async Task Body_ThatBreaksOff_IsAppliedSoFarAndMayBeRepeated(string framing, string chunkHead)
    {
        using TcpClient client = await Client.ConnectAsync();
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(Session.RawSend("?offset=0&fin=100", framing) + chunkHead));
        await stream.WriteAsync(Pattern.Bytes(0, 50));
        await Session.RequireReceivedAsync(upTo: 50);

        client.Client.Shutdown(SocketShutdown.Send);

        (await Answer.ReadAsync(stream).Soon())?.Require(TunnelError.Malformed);
        long ack = 0;
        for (int i = 0; ack < 50 && i < 100; i++)
        {
            ack = (await Session.SendAsync("?offset=0")).Require(200).Ack; // bytes are told as accepted a moment after the target has them
        }

        Assert.Equal(50, ack);
        Assert.Equal(100, (await Session.SendAsync("?offset=0&fin=100", Pattern.Bytes(0, 100))).Require(200).Ack);
        await Session.RequireReceivedAsync(upTo: 100);
        Assert.Equal(100, (await Session.ReceiveAsync("?ack=100")).Require(200).Fin);
    }

    [Theory]
    [InlineData("Content-Length: 100", "")]
    [InlineData("Transfer-Encoding: chunked", "64\r\n")]
    public async Task Body_ThatBreaksOffAtOnce_MayBeRepeated(string framing, string chunkHead)
    {
        byte[] half = [.. Encoding.ASCII.GetBytes(chunkHead), .. Pattern.Bytes(0, 50)];

        (await Client.AskRawAsync(Session.RawSend("?offset=0&fin=100", framing), half))?.Require(TunnelError.Malformed);

        Assert.Equal(100, (await Session.SendAsync("?offset=0&fin=100", Pattern.Bytes(0, 100))).Require(200).Ack);
        await Session.RequireReceivedAsync(upTo: 100);
    }

    [Theory]
    [InlineData("xyz\r\n")]
    [InlineData("-5\r\nhello\r\n")]
    [InlineData("+5\r\nhello\r\n")]
    [InlineData("0x5\r\nhello\r\n")]
    [InlineData(" 5\r\nhello\r\n")]
    [InlineData("\r\n")]
    [InlineData("FFFFFFFFFFFFFFFFFF\r\n")]
    public async Task Chunk_WithASizeThatIsNone_IsMalformed(string chunk)
    {
        Answer? answer = await Client.AskRawAsync(
            Session.RawSend("?offset=0", "Transfer-Encoding: chunked"), Encoding.ASCII.GetBytes(chunk), end: false);

        Assert.NotNull(answer);
        answer.Require(TunnelError.Malformed);
        await RequireUnharmedAsync();
    }

    [Fact]
    public async Task Chunk_ThatWasWhole_IsAppliedWhateverFollows()
    {
        using TcpClient client = await Client.ConnectAsync();
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(Session.RawSend("?offset=0", "Transfer-Encoding: chunked")));
        await stream.WriteAsync((byte[])[.. "A\r\n"u8, .. Pattern.Bytes(0, 10), .. "\r\n"u8]);
        await Session.RequireReceivedAsync(upTo: 10);

        await stream.WriteAsync("garbage\r\n"u8.ToArray());

        Answer? answer = await Answer.ReadAsync(stream).Soon();
        Assert.NotNull(answer);
        answer.Require(TunnelError.Malformed);
        Assert.Equal(10, (await Session.SendAsync("?offset=10")).Require(200).Ack);
    }

    [Fact]
    public async Task Body_ThatComesByteByByte_IsAppliedAsItComes()
    {
        using HttpContent slow = new TricklingContent(Pattern.Bytes(0, 50));

        Task<Answer> sending = Session.SendAsync("?offset=0", slow);

        await Session.RequireReceivedAsync(upTo: 50);
        Assert.InRange((await sending).Require(200).Ack, 1, 50);
    }

    [Fact]
    public async Task Receive_WithABody_IsServedWithoutIt()
    {
        string head = $"GET {Session.Path}/receive?ack=0&hold=0 HTTP/1.1\r\nHost: {Client.Authority}\r\nTunnel-Token: {Session.Token}\r\nContent-Length: 5\r\n\r\n";

        Answer? answer = await Client.AskRawAsync(head, "hello"u8.ToArray(), end: false);

        Assert.NotNull(answer);
        answer.Require(200);

        await RequireUnharmedAsync();
    }

    private static StreamContent Chunked(byte[] bytes)
    {
        StreamContent content = new(new UnmeasuredStream(bytes));
        content.Headers.ContentType = new MediaTypeHeaderValue(TunnelMediaTypes.BinaryTcp);
        return content;
    }

    /// <summary>Does not tell its length, so that the client sends chunks.</summary>
    private sealed class UnmeasuredStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }

    /// <summary>A body whose bytes come one at a time.</summary>
    private sealed class TricklingContent : HttpContent
    {
        private readonly byte[] _bytes;

        public TricklingContent(byte[] bytes)
        {
            _bytes = bytes;
            Headers.ContentType = new MediaTypeHeaderValue(TunnelMediaTypes.BinaryTcp);
        }

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            for (int i = 0; i < _bytes.Length; i++)
            {
                await stream.WriteAsync(_bytes.AsMemory(i, 1));
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _bytes.Length;
            return true;
        }
    }
}

public sealed class BodyAtTheConnectorTests(TunnelHosts hosts) : BodyEdgeTests(hosts, hosts => hosts.Connector);

public sealed class BodyThroughTheRelayTests(TunnelHosts hosts) : BodyEdgeTests(hosts, hosts => hosts.Relay);

public sealed class BodyThroughTheRelayInHttp2Tests(TunnelHosts hosts) : BodyEdgeTests(hosts, hosts => hosts.RelayInHttp2);
