using System.Diagnostics;
using System.Text;
using System.Text.Json;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Edge;

/// <summary>The path probes at a relay.</summary>
public sealed class PathEdgeTests(TunnelHosts hosts) : IClassFixture<TunnelHosts>, IDisposable
{
    private readonly EdgeClient _client = new(hosts.Relay);

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task View_TellsWhatTheRelaySees()
    {
        Answer answer = (await _client.AskAsync(HttpMethod.Get, "/v1/path?n=7", null, ("Via", "1.1 a"), ("X-Forwarded-For", "192.0.2.1"))).Require(200);

        Assert.Equal("7", answer.Headers[TunnelHeaders.Request]);
        Assert.Equal("application/json", answer.Headers["Content-Type"]);
        Assert.Equal(
            new PathView("HTTP/1.1", "127.0.0.1", "1.1 a", "192.0.2.1", hosts.Relay.Authority, "relay", "1"),
            JsonSerializer.Deserialize(answer.Body, PathReports.Default.PathView));
    }

    [Fact]
    public async Task View_WithoutProxies_SaysNull()
    {
        Answer answer = (await _client.AskAsync(HttpMethod.Get, "/v1/path")).Require(200);

        string json = Encoding.UTF8.GetString(answer.Body);
        Assert.Contains("\"via\":null,\"forwardedFor\":null", json, StringComparison.Ordinal);
        Assert.False(answer.Headers.ContainsKey(TunnelHeaders.Request));
    }

    [Fact]
    public async Task Send_InOnePiece_IsOnePart()
    {
        PathArrivals arrivals = Read((await _client.AskAsync(HttpMethod.Post, "/v1/path/send?n=1", EdgeClient.Bytes(new byte[1000]))).Require(200));

        Assert.Equal(1000, arrivals.Bytes);
        Assert.Equal(1000, Assert.Single(arrivals.Parts).Bytes);
        Assert.Equal(("HTTP/1.1", "127.0.0.1", null, null), (arrivals.Protocol, arrivals.Client, arrivals.Via, arrivals.ForwardedFor));
    }

    [Fact]
    public async Task Send_InTwoPieces_TellsWhenEachCame()
    {
        PathArrivals arrivals = Read((await _client.AskAsync(HttpMethod.Post, "/v1/path/send", new PartsContent([64, 100], TimeSpan.FromMilliseconds(300)))).Require(200));

        Assert.Equal(164, arrivals.Bytes);
        Assert.Equal([64, 100], arrivals.Parts.Select(part => part.Bytes));
        Assert.InRange(arrivals.Parts[1].At - arrivals.Parts[0].At, 150, 20_000);
    }

    [Fact]
    public async Task Send_WithoutABody_HasNoPart() =>
        Assert.Empty(Read((await _client.AskAsync(HttpMethod.Post, "/v1/path/send", EdgeClient.Bytes([]))).Require(200)).Parts);

    [Fact]
    public async Task Send_OfTheWrongType_IsUnsupported() =>
        (await _client.AskAsync(HttpMethod.Post, "/v1/path/send", EdgeClient.Bytes(new byte[1], "text/plain"))).Require(TunnelError.UnsupportedMediaType);

    [Fact]
    public async Task Send_AboveTheLimit_IsTooLarge() =>
        (await _client.AskRawAsync($"POST /v1/path/send HTTP/1.1\r\nHost: a\r\nContent-Type: binary/tcp\r\nContent-Length: {(64 * 1024 * 1024) + 1}\r\n\r\n", end: false))!
            .Require(TunnelError.BodyTooLarge, $"{64 * 1024 * 1024}");

    [Fact]
    public async Task Receive_ByDefault_IsTwoPartsOf64Bytes()
    {
        Answer answer = (await _client.AskAsync(HttpMethod.Get, "/v1/path/receive?n=2")).Require(200);

        Assert.Equal(128, answer.Body.Length);
        Assert.Equal("chunked", answer.Headers["Transfer-Encoding"]);
        Assert.Equal("binary/tcp", answer.Headers["Content-Type"]);
        Assert.Equal("2", answer.Headers[TunnelHeaders.Request]);
    }

    [Fact]
    public async Task Receive_OfOnePart_HasALengthAndTheTypeAskedFor()
    {
        Answer answer = (await _client.AskAsync(HttpMethod.Get, "/v1/path/receive?parts=1&size=200000", null, ("Accept", TunnelMediaTypes.OctetStream))).Require(200);

        Assert.Equal("200000", answer.Headers["Content-Length"]);
        Assert.Equal(200_000, answer.Body.Length);
        Assert.Equal("application/octet-stream", answer.Headers["Content-Type"]);
    }

    [Fact]
    public async Task Receive_WaitsAndPauses_AsAskedFor()
    {
        using HttpClient http = new() { BaseAddress = hosts.Relay };
        long begun = Stopwatch.GetTimestamp();
        using HttpResponseMessage answer = await http.GetAsync("/v1/path/receive?wait=200&parts=2&size=10&pause=300", HttpCompletionOption.ResponseHeadersRead);
        TimeSpan head = Stopwatch.GetElapsedTime(begun);
        await using Stream body = await answer.Content.ReadAsStreamAsync();
        byte[] bytes = new byte[20];
        Assert.Equal(10, await body.ReadAsync(bytes));
        TimeSpan first = Stopwatch.GetElapsedTime(begun);
        await body.ReadExactlyAsync(bytes.AsMemory(10));

        Assert.InRange(head.TotalMilliseconds, 190, 20_000);
        Assert.InRange((Stopwatch.GetElapsedTime(begun) - first).TotalMilliseconds, 150, 20_000);
    }

    [Theory]
    [InlineData("wait=300001", "'wait'")]
    [InlineData("wait=-1", "'wait'")]
    [InlineData("parts=0", "'parts'")]
    [InlineData("parts=1025", "'parts'")]
    [InlineData("size=0", "'size'")]
    [InlineData("size=4194305", "'size'")]
    [InlineData("pause=10001", "'pause'")]
    [InlineData("pause=x", "'pause'")]
    [InlineData("parts=1&parts=2", "'parts'")]
    [InlineData("parts=17&size=4194304", "'size'")]
    public async Task Receive_OfWhatCannotBe_IsMalformed(string query, string named) =>
        (await _client.AskAsync(HttpMethod.Get, $"/v1/path/receive?{query}")).Require(TunnelError.Malformed, named);

    [Fact]
    public async Task Path_WithTheWrongMethod_IsRefused()
    {
        (await _client.AskAsync(HttpMethod.Get, "/v1/path/send")).Require(TunnelError.MethodNotAllowed, "/v1/path/send", "GET");
        (await _client.AskAsync(HttpMethod.Post, "/v1/path/receive", EdgeClient.Bytes([]))).Require(TunnelError.MethodNotAllowed);
        (await _client.AskAsync(HttpMethod.Get, "/v1/path/elsewhere")).Require(TunnelError.SessionUnknown);
    }

    private static PathArrivals Read(Answer answer) => JsonSerializer.Deserialize(answer.Body, PathReports.Default.PathArrivals)!;
}
