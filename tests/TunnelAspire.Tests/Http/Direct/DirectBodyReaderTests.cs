using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using TunnelAspire.Http.Direct;
using TunnelAspire.Protocol.Sockets;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Http.Direct;

public sealed class DirectBodyReaderTests : IDisposable
{
    private readonly Socket _client;
    private readonly Socket _server;
    private readonly DirectBodyReader _body;

    public DirectBodyReaderTests()
    {
        (_client, _server) = SocketPair.Connect();
        _server.Blocking = false; // as the listener sets it
        _body = new DirectBodyReader(new ReadySocket(_server));
    }

    [Theory]
    [InlineData("5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("2;a=b;c\r\nhe\r\n3 ; x=\"y\"\r\nllo\r\n000;last\r\n\r\n")]
    [InlineData("1\r\nh\r\n4\r\nello\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n")]
    public async Task Chunks_CutAnywhere_AreReadWhole(string text)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        for (int cut = 1; cut < bytes.Length; cut++)
        {
            _body.Begin(null);
            await SendAsync(bytes[..cut]);
            Task<string> read = ReadAllAsync();
            await _client.SendAsync(bytes[cut..]);

            Assert.Equal("hello", await read.Soon());
            Assert.True(_body.Ended);
            Assert.Equal(0, _body.End());
        }
    }

    [Fact]
    public async Task Chunks_ThatCameInPartWithTheHead_AreReadWhole()
    {
        byte[] bytes = "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"u8.ToArray();
        for (int cut = 1; cut <= bytes.Length; cut++)
        {
            _body.Begin(null, bytes.AsSpan(..cut));
            Task<string> read = ReadAllAsync();
            await _client.SendAsync(bytes[cut..]);

            Assert.Equal("hello", await read.Soon());
            Assert.Equal(0, _body.End());
        }
    }

    [Fact]
    public async Task Length_ThatCameWithTheHead_IsReadWithoutTheSocket()
    {
        _body.Begin(5, "hello"u8);
        _server.Dispose();

        Assert.True(_body.HasAll);
        Assert.False(_body.Ended);
        Assert.Equal("hello", await ReadAllAsync().Soon());
        Assert.True(_body.HasAll && _body.Ended);
        Assert.Equal(0, _body.End());
    }

    [Theory]
    [InlineData(5, 3)]
    [InlineData(4097, 4000)]
    [InlineData(300_000, 1)]
    [InlineData(300_000, 4000)]
    public async Task Length_WhoseFirstPartCameWithTheHead_IsReadWhole_AndNotBeyond(int length, int withHead)
    {
        string text = Encoding.ASCII.GetString([.. Pattern.Bytes(0, length).Select(one => (byte)('a' + (one % 26)))]);
        byte[] bytes = Encoding.ASCII.GetBytes(text);

        _body.Begin(length, bytes.AsSpan(..withHead));
        Assert.False(_body.HasAll);
        Task<string> read = ReadAllAsync();
        await _client.SendAsync(Encoding.ASCII.GetBytes(text[withHead..] + "GET")).Soon();

        Assert.Equal(text, await read.Soon());
        Assert.Equal(0, _body.End());
        await Waiting.UntilAsync(() => _server.Available == 3, "the next request is left there");
    }

    [Fact]
    public async Task Begin_AfterABodyThatNobodyRead_BeginsAnew()
    {
        _body.Begin(5, "hello"u8);
        Assert.Equal(5, _body.End());

        _body.Begin(2);
        await SendAsync("ok"u8.ToArray());

        Assert.Equal("ok", await ReadAllAsync().Soon());
        Assert.Equal(0, _body.End());
    }

    [Theory]
    [InlineData("5\r\nhelloX")]
    [InlineData("5\r\nhello\n0\r\n\r\n")]
    [InlineData("5\nhello\r\n")]
    [InlineData("\r\n")]
    [InlineData("123456789\r\n")]
    [InlineData("FFFFFFFF\r\n")]
    [InlineData("5 5\r\n")]
    [InlineData(";\r\n")]
    [InlineData("5;\rx\r\n")]
    public async Task Chunks_OfWrongSize_AreBroken_AndStayBroken(string text)
    {
        _body.Begin(null);
        await SendAsync(Encoding.ASCII.GetBytes(text + "\r\n0\r\n\r\n"));

        await Assert.ThrowsAsync<BadHttpRequestException>(ReadAllAsync);

        await Assert.ThrowsAsync<BadHttpRequestException>(ReadAllAsync);
        Assert.False(_body.Ended);
        _body.End();
    }

    [Fact]
    public async Task Line_ThatDoesNotEnd_IsBroken()
    {
        _body.Begin(null);
        await SendAsync(Encoding.ASCII.GetBytes($"5;{new string('x', 300)}"));

        await Assert.ThrowsAsync<BadHttpRequestException>(ReadAllAsync);
        _body.End();
    }

    [Fact]
    public async Task Length_IsReadToItsEnd_AndNotBeyond()
    {
        _body.Begin(5);
        await SendAsync("helloGET"u8.ToArray());

        Assert.Equal("hello", await ReadAllAsync());

        Assert.Equal((0, 3), (_body.End(), _server.Available));
    }

    [Fact]
    public async Task BytesBeyondChunks_AreTold()
    {
        _body.Begin(null);
        await SendAsync("1\r\nh\r\n0\r\n\r\nGET"u8.ToArray());

        Assert.Equal("h", await ReadAllAsync());

        Assert.Equal(3, _body.End());
    }

    [Fact]
    public async Task Cancel_OfAPendingRead_EndsIt_AndTheBodyGoesOn()
    {
        _body.Begin(5);
        Task<ReadResult> pending = _body.ReadAsync().AsTask();

        _body.CancelPendingRead();

        Assert.True((await pending.Soon()).IsCanceled);
        await SendAsync("hello"u8.ToArray());
        Assert.Equal("hello", await ReadAllAsync());
        _body.End();
    }

    [Fact]
    public async Task Cancel_ThatCameTooLate_IsNotTheNextBodys()
    {
        _body.Begin(0);
        _body.CancelPendingRead();
        _body.End();

        _body.Begin(5);
        Task<string> read = ReadAllAsync();
        await _client.SendAsync("hello"u8.ToArray());

        Assert.Equal("hello", await read.Soon());
        _body.End();
    }

    [Fact]
    public async Task Body_ThatBreaksOff_IsBroken()
    {
        _body.Begin(5);
        await SendAsync("hel"u8.ToArray());
        _client.Shutdown(SocketShutdown.Send);

        await Assert.ThrowsAsync<BadHttpRequestException>(ReadAllAsync);
        _body.End();
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }

    /// <summary>Sends, and waits until all of it can be received.</summary>
    private async Task SendAsync(byte[] bytes)
    {
        await _client.SendAsync(bytes);
        await Waiting.UntilAsync(() => _server.Available >= bytes.Length, "the bytes arrive");
    }

    private async Task<string> ReadAllAsync()
    {
        StringBuilder text = new();
        while (true)
        {
            ReadResult result = await _body.ReadAsync();
            Assert.False(result.IsCanceled);
            text.Append(Encoding.ASCII.GetString(result.Buffer));
            _body.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return text.ToString();
            }
        }
    }
}
