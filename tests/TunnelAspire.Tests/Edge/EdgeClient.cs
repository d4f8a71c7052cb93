using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Edge;

/// <summary>Asks a connector or a relay whatever a test wants to ask, right or wrong.</summary>
/// <param name="server">Where it speaks HTTP/1.1.</param>
/// <param name="http2">Where it speaks HTTP/2, if it is to be asked there. Bytes that are no request go to the other.</param>
public sealed class EdgeClient(Uri server, Uri? http2 = null) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { BaseAddress = http2 ?? server };

    public string Authority => server.Authority;

    public async Task<Answer> AskAsync(HttpMethod method, string path, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(method, path)
        {
            Content = content,
            Version = http2 is null ? HttpVersion.Version11 : HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        foreach ((string name, string value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        using HttpResponseMessage response = await _http.SendAsync(request).Soon();
        return await Answer.ReadAsync(response);
    }

    /// <summary>Sends bytes as they are, and no more after them; null if the connection ends without an answer.</summary>
    public async Task<Answer?> AskRawAsync(string head, ReadOnlyMemory<byte> body = default, bool end = true)
    {
        using TcpClient client = await ConnectAsync();
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(head));
        await stream.WriteAsync(body);
        if (end)
        {
            client.Client.Shutdown(SocketShutdown.Send);
        }

        return await Answer.ReadAsync(stream).Soon();
    }

    public async Task<TcpClient> ConnectAsync()
    {
        TcpClient client = new();
        await client.ConnectAsync(server.Host, server.Port);
        return client;
    }

    public Task<Answer> AskOpenAsync(string query, string? key = null, HttpContent? content = null) => AskAsync(
        HttpMethod.Post, $"{TunnelPaths.Sessions}{query}", content ?? Bytes([]), key is null ? [] : [(TunnelHeaders.OpenKey, key)]);

    public async Task<EdgeSession> OpenAsync(string target, string? key = null)
    {
        Answer answer = (await AskOpenAsync($"?target={target}", key)).Require(201);
        return new EdgeSession(this, answer.Headers[TunnelHeaders.Session], answer.Headers[TunnelHeaders.Token]);
    }

    public static ByteArrayContent Bytes(byte[] bytes, string? mediaType = TunnelMediaTypes.BinaryTcp)
    {
        ByteArrayContent content = new(bytes);
        content.Headers.ContentType = mediaType is null ? null : MediaTypeHeaderValue.Parse(mediaType);
        return content;
    }

    public void Dispose() => _http.Dispose();
}

/// <summary>An open session, and its two stations: where its client's stream and its target's stream stand.</summary>
public sealed record EdgeSession(EdgeClient Client, string Id, string Token)
{
    private long _sent;
    private long _received;

    public string Path => $"{TunnelPaths.Sessions}/{Id}";

    public (string Name, string Value) Admission => (TunnelHeaders.Token, Token);

    public Task<Answer> SendAsync(string query, byte[]? body = null) => SendAsync(query, EdgeClient.Bytes(body ?? []));

    public Task<Answer> SendAsync(string query, HttpContent content) => Client.AskAsync(HttpMethod.Post, $"{Path}/send{query}", content, Admission);

    public Task<Answer> ReceiveAsync(string query) => Client.AskAsync(HttpMethod.Get, $"{Path}/receive{query}", null, Admission);

    public Task<Answer> EndAsync() => Client.AskAsync(HttpMethod.Delete, Path, null, Admission);

    /// <summary>The head of a send, for bodies that no client would send.</summary>
    public string RawSend(string query, string framing) =>
        $"POST {Path}/send{query} HTTP/1.1\r\nHost: {Client.Authority}\r\n{TunnelHeaders.Token}: {Token}\r\nContent-Type: binary/tcp\r\n{framing}\r\n\r\n";

    /// <summary>Sends the next <paramref name="length"/> bytes of the pattern, and fails unless the target echoes exactly those.</summary>
    public async Task RequireEchoAsync(int length)
    {
        (await SendAsync($"?offset={_sent}", Pattern.Bytes(_sent, length))).Require(200);
        _sent += length;
        await RequireReceivedAsync();
    }

    /// <summary>Fails unless what the target echoes goes on with the pattern, up to what was sent.</summary>
    public async Task RequireReceivedAsync(long? upTo = null, long generation = 0)
    {
        _sent = upTo ?? _sent;
        while (_received < _sent)
        {
            Answer answer = (await ReceiveAsync($"?ack={_received}&gen={generation}")).Require(200);
            Assert.Equal(_received, answer.Offset);
            Pattern.Require(answer.Body, _received);
            _received += answer.Body.Length;
        }

        Assert.Equal(_sent, _received);
    }
}
