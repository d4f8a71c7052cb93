using System.Net;
using System.Net.Sockets;
using System.Text;
using TunnelAspire.Http1;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Http1;

public sealed class Http1HandlerTests : IDisposable
{
    private readonly RawServer _server = new();

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task Get_WithHeaders_IsSentAsWritten()
    {
        using HttpRequestMessage request = new(HttpMethod.Get, _server.Url);
        request.Headers.TryAddWithoutValidation("Tunnel-Token", "secret");
        Task<HttpResponseMessage> asked = _server.SendAsync(request);
        using Socket connection = await _server.AcceptAsync();

        Assert.Equal($"GET /path?query=1 HTTP/1.1\r\nHost: {_server.Url.Authority}\r\nTunnel-Token: secret\r\n\r\n", await RawServer.ReadAsync(connection));

        await RawServer.SayAsync(connection, "HTTP/1.1 201 Made\r\nTunnel-Ack: 5\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok");
        using HttpResponseMessage answer = await asked.Soon();
        Assert.Equal((HttpStatusCode.Created, "Made", "5"), (answer.StatusCode, answer.ReasonPhrase, answer.Headers.GetValues("Tunnel-Ack").Single()));
        Assert.Equal(("text/plain", 2L), (answer.Content.Headers.ContentType?.MediaType, answer.Content.Headers.ContentLength));
        Assert.Equal("ok", await answer.Content.ReadAsStringAsync().Soon());
    }

    [Fact]
    public async Task Post_WithAHostOfItsOwn_SaysThatOne()
    {
        using HttpRequestMessage request = new(HttpMethod.Post, _server.Url) { Content = new ByteArrayContent([]) };
        request.Headers.Host = "elsewhere:8080";
        _ = _server.SendAsync(request);
        using Socket connection = await _server.AcceptAsync();

        Assert.Equal("POST /path?query=1 HTTP/1.1\r\nHost: elsewhere:8080\r\nContent-Length: 0\r\n\r\n", await RawServer.ReadAsync(connection));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(3_000_000)]
    public async Task Post_OfAKnownLength_ArrivesWhole(int length)
    {
        byte[] body = Pattern.Bytes(0, length);
        Task<HttpResponseMessage> asked = _server.PostAsync(new ByteArrayContent(body));
        using Socket connection = await _server.AcceptAsync();

        Assert.Contains($"Content-Length: {length}\r\n", await RawServer.ReadAsync(connection), StringComparison.Ordinal);
        byte[] arrived = new byte[length];
        await new NetworkStream(connection).ReadExactlyAsync(arrived).AsTask().Soon();
        Assert.Equal(body, arrived);

        await RawServer.SayAsync(connection, "HTTP/1.1 204 No Content\r\n\r\n");
        Assert.Equal(HttpStatusCode.NoContent, (await asked.Soon()).StatusCode);
    }

    [Fact]
    public async Task Post_InPieces_SendsEachWhenItIsFlushed()
    {
        PiecewiseContent content = new();
        Task<HttpResponseMessage> asked = _server.PostAsync(content);
        using Socket connection = await _server.AcceptAsync();

        await content.SayAsync("one");
        Assert.Contains("Transfer-Encoding: chunked\r\n", await RawServer.ReadAsync(connection), StringComparison.Ordinal);
        Assert.Equal("3\r\none\r\n", await RawServer.ReadAsync(connection, "one\r\n"));
        await content.SayAsync(new string('x', 0x12345));
        Assert.Equal($"12345\r\n{new string('x', 0x12345)}\r\n", await RawServer.ReadAsync(connection, "x\r\n"));
        content.End();
        Assert.Equal("0\r\n\r\n", await RawServer.ReadAsync(connection));

        await RawServer.SayAsync(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(HttpStatusCode.OK, (await asked.Soon()).StatusCode);
    }

    [Fact]
    public async Task Post_RefusedBeforeAllIsSent_GivesTheRefusal()
    {
        Task<HttpResponseMessage> asked = _server.PostAsync(new ByteArrayContent(new byte[30_000_000]));
        using Socket connection = await _server.AcceptAsync();
        await RawServer.ReadAsync(connection);

        await RawServer.SayAsync(connection, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno!"); // and reads nothing more

        using HttpResponseMessage answer = await asked.Soon();
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "no!"), (answer.StatusCode, await answer.Content.ReadAsStringAsync().Soon()));
        _ = _server.GetAsync();
        (await _server.AcceptAsync()).Dispose(); // by a connection of its own
    }

    [Fact]
    public async Task Post_WhoseContentFails_FailsWithThat_AndEndsTheConnection()
    {
        PiecewiseContent content = new();
        Task<HttpResponseMessage> asked = _server.PostAsync(content);
        using Socket connection = await _server.AcceptAsync();
        await content.SayAsync("one");

        content.Fail(new FormatException("the source is broken"));

        FormatException failure = await Assert.ThrowsAsync<FormatException>(() => asked.Soon());
        Assert.Equal("the source is broken", failure.Message);
        string head = await RawServer.ReadAsync(connection);
        Assert.Equal("3\r\none\r\n", await RawServer.ReadAsync(connection, "one\r\n"));
        Assert.True(await IsEndedAsync(connection), head);
    }

    [Fact]
    public async Task Post_ShorterThanItSaid_Fails() =>
        await Assert.ThrowsAsync<HttpRequestException>(() => _server.PostAsync(new PromisingContent(10, "short")).Soon());

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true)]
    [InlineData("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", true)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: 1\r\n\r\n", true)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", false)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", false)]
    public async Task Answer_ComingByteByByte_IsReadWhole(string text, bool keeps)
    {
        Task<HttpResponseMessage> asked = _server.GetAsync();
        using Socket connection = await _server.AcceptAsync();
        connection.NoDelay = true;
        await RawServer.ReadAsync(connection);
        foreach (char one in text)
        {
            await RawServer.SayAsync(connection, one.ToString());
        }

        using HttpResponseMessage answer = await asked.Soon();
        Assert.Equal("hello", await answer.Content.ReadAsStringAsync().Soon());
        Assert.Equal(keeps, await IsKeptAsync(connection));
    }

    [Theory]
    [InlineData(639)]
    [InlineData(640)]
    [InlineData(641)]
    [InlineData(4096)]
    [InlineData(5000)]
    public async Task Answer_WithAHeadOfAnyLength_IsReadWhole(int length)
    {
        const string Start = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nX: ";
        string value = new('x', length - Start.Length - 4);
        string body = new('b', 1000);

        (HttpResponseMessage answer, Socket connection) = await _server.AnswerAsync($"{Start}{value}\r\n\r\n{body}");

        Assert.Equal(value, answer.Headers.GetValues("X").Single());
        Assert.Equal(body, await answer.Content.ReadAsStringAsync().Soon());
        Assert.True(await IsKeptAsync(connection));
    }

    [Fact]
    public async Task Answer_WithoutALength_EndsWithTheConnection()
    {
        (HttpResponseMessage answer, Socket connection) = await _server.AnswerAsync("HTTP/1.1 200 OK\r\n\r\nhel");
        await RawServer.SayAsync(connection, "lo");
        connection.Close();

        Assert.Equal("hello", await answer.Content.ReadAsStringAsync().Soon());
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", "the connection ended before the body did")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello", "the connection ended before the body did")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n", "the body is broken: a chunk is longer than its size")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfive\r\n", "the body is broken: the size of a chunk is no number")]
    public async Task Answer_WhoseBodyIsBroken_SaysHow(string text, string how)
    {
        (HttpResponseMessage answer, Socket connection) = await _server.AnswerAsync(text);
        connection.Close();

        IOException failure = await Assert.ThrowsAsync<IOException>(async () => await (await answer.Content.ReadAsStreamAsync()).CopyToAsync(Stream.Null).Soon());
        Assert.Equal(how, failure.Message);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH\r\n\r\n")]
    [InlineData("HTTP/2.0 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 20 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nno header\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n")]
    public async Task Answer_ThatIsNone_IsRefused(string text)
    {
        HttpRequestException failure = await Assert.ThrowsAsync<HttpRequestException>(() => _server.AnswerAsync(text));
        Assert.Equal(HttpRequestError.InvalidResponse, failure.HttpRequestError);
    }

    [Fact]
    public async Task Answer_WhoseHeadDoesNotEnd_IsRefused()
    {
        HttpRequestException failure = await Assert.ThrowsAsync<HttpRequestException>(
            () => _server.AnswerAsync($"HTTP/1.1 200 OK\r\nX: {new string('x', 100_000)}"));
        Assert.Equal(HttpRequestError.ConfigurationLimitExceeded, failure.HttpRequestError);
    }

    [Fact]
    public async Task Answer_LeftUnread_KeepsTheConnectionOnlyWhereItIsHereWhole()
    {
        (HttpResponseMessage answer, Socket connection) = await _server.AnswerAsync("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello");
        answer.Dispose();
        Task<HttpResponseMessage> asked = _server.GetAsync();
        await RawServer.ReadAsync(connection);
        await RawServer.SayAsync(connection, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello");
        (await asked.Soon()).Dispose();
        Assert.True(await IsEndedAsync(connection));
    }

    [Fact]
    public async Task Requests_AtTheSameTime_HaveAConnectionEach_AndLaterOnesUseTheLast()
    {
        Task<HttpResponseMessage> first = _server.GetAsync();
        using Socket one = await _server.AcceptAsync();
        Task<HttpResponseMessage> second = _server.GetAsync();
        using Socket two = await _server.AcceptAsync();
        await RawServer.SayAsync(two, "HTTP/1.1 204 No Content\r\n\r\n");
        await second.Soon();
        await RawServer.SayAsync(one, "HTTP/1.1 204 No Content\r\n\r\n");
        await first.Soon();

        await RawServer.ReadAsync(one);
        Assert.True(await IsKeptAsync(one));
    }

    [Fact]
    public async Task Connection_ClosedWhileIdle_IsReplaced()
    {
        (HttpResponseMessage answer, Socket connection) = await _server.AnswerAsync("HTTP/1.1 204 No Content\r\n\r\n");
        answer.Dispose();
        connection.Close();

        (answer, connection) = await _server.AnswerAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        connection.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connection_ClosedAsTheRequestComes_FailsIt_AndNothingIsSentTwice(bool post)
    {
        (HttpResponseMessage answer, Socket connection) = await _server.AnswerAsync("HTTP/1.1 204 No Content\r\n\r\n");
        answer.Dispose();
        Task<HttpResponseMessage> asked = post ? _server.PostAsync(new ByteArrayContent([1])) : _server.GetAsync();
        await RawServer.ReadAsync(connection);
        connection.Close();

        await Assert.ThrowsAsync<HttpRequestException>(() => asked.Soon());
        Assert.False(_server.HasCaller);
    }

    [Fact]
    public async Task Get_Cancelled_EndsItsConnection()
    {
        using CancellationTokenSource cancel = new();
        Task<HttpResponseMessage> asked = _server.GetAsync(cancel.Token);
        using Socket connection = await _server.AcceptAsync();
        await RawServer.ReadAsync(connection);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked.Soon());
        Assert.True(await IsEndedAsync(connection));
    }

    [Fact]
    public async Task Server_WithoutAListener_IsAConnectionError()
    {
        _server.Dispose();
        using HttpMessageInvoker client = new(new Http1Handler(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1)));

        HttpRequestException failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.SendAsync(new HttpRequestMessage(HttpMethod.Get, _server.Url), default).Soon());
        Assert.Equal(HttpRequestError.ConnectionError, failure.HttpRequestError);
    }

    [Fact]
    public async Task Header_BeyondAscii_IsNotSent()
    {
        using HttpRequestMessage request = new(HttpMethod.Get, _server.Url);
        request.Headers.TryAddWithoutValidation("X", "ü");

        await Assert.ThrowsAsync<HttpRequestException>(() => _server.SendAsync(request).Soon());
    }

    /// <summary>Whether the next request comes by this connection.</summary>
    private async Task<bool> IsKeptAsync(Socket connection)
    {
        _ = _server.GetAsync();
        Task<string> here = RawServer.ReadAsync(connection);
        while (!here.IsCompleted && !_server.HasCaller)
        {
            await Task.Delay(1);
        }

        return here.IsCompleted && (await here).StartsWith("GET ", StringComparison.Ordinal);
    }

    private static async Task<bool> IsEndedAsync(Socket connection)
    {
        try
        {
            return await connection.ReceiveAsync(new byte[1]).Soon() == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>A body that comes as the test says.</summary>
    private sealed class PiecewiseContent : HttpContent
    {
        private readonly TaskCompletionSource<Stream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task SayAsync(string text)
        {
            Stream stream = await _stream.Task.Soon();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(text)).AsTask();
            await stream.FlushAsync();
        }

        public void End() => _end.SetResult();

        public void Fail(Exception e) => _end.SetException(e);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            _stream.SetResult(stream);
            return _end.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    private sealed class PromisingContent(long promised, string text) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(Encoding.ASCII.GetBytes(text)).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = promised;
            return true;
        }
    }
}
