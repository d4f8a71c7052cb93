using System.Text;
using TunnelAspire.Agent.WaysIn;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Agent.WaysIn;

/// <summary>HTTP CONNECT and requests for http:// URLs, byte by byte.</summary>
public sealed class HttpProxyTests
{
    private const string Established = "HTTP/1.1 200 Connection established\r\n\r\n";

    [Theory]
    [InlineData("CONNECT db.internal:5432 HTTP/1.1\r\nHost: db.internal:5432\r\n\r\n", "db.internal:5432")]
    [InlineData("CONNECT db.internal:5432 HTTP/1.0\r\n\r\n", "db.internal:5432")]
    [InlineData("CONNECT 192.0.2.1:443 HTTP/1.1\r\nHost: elsewhere\r\nProxy-Connection: Keep-Alive\r\n\r\n", "192.0.2.1:443")]
    [InlineData("CONNECT [2001:db8::1]:443 HTTP/1.1\r\nUser-Agent:\r\n\r\n", "[2001:db8::1]:443")]
    public async Task Connect_AtOnceOrByteByByte_OpensAndLosesNothing(string head, string target)
    {
        await using ProxyUnderTest proxy = new();

        Assert.Equal(Established + "\r\n\r\nmore", await AnswerAsync(proxy, head + "\r\n\r\nmore"));
        Assert.Equal(Established + "\r\n\r\nmore", Text(await proxy.AnswerAsync(Encoding.Latin1.GetBytes(head + "\r\n\r\nmore"), byteByByte: true)));
        Assert.All(proxy.Targets, asked => Assert.Equal(target, asked.ToString()));
        Assert.Equal(2, proxy.Targets.Count);
    }

    [Theory]
    [InlineData("GET http://db.internal/a?b=c HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nProxy-Connection: keep-alive\r\n\r\n", "db.internal:80", "GET /a?b=c HTTP/1.1\r\nHost: db.internal\r\nAccept: */*\r\nConnection: close\r\n\r\n")]
    [InlineData("POST HTTP://db.internal:8080 HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi", "db.internal:8080", "POST / HTTP/1.0\r\nHost: db.internal:8080\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")]
    [InlineData("GET http://[::1]?x HTTP/1.1\r\nproxy-authorization: Basic eDp5\r\nconnection: upgrade\r\nX:  y \r\n\r\n", "[::1]:80", "GET /?x HTTP/1.1\r\nHost: [::1]\r\nX: y\r\nConnection: close\r\n\r\n")]
    public async Task RequestForAUrl_ReachesTheTargetAsItsOwn(string request, string target, string received)
    {
        await using ProxyUnderTest proxy = new();

        Assert.Equal(received, await AnswerAsync(proxy, request));
        Assert.Equal(target, Assert.Single(proxy.Targets).ToString());
    }

    [Fact]
    public async Task RequestForAUrl_OfThirtyKilobytes_IsTaken()
    {
        await using ProxyUnderTest proxy = new();
        string cookie = new('c', 30_000);

        Assert.Contains($"Cookie: {cookie}\r\n", await AnswerAsync(proxy, $"GET http://db/ HTTP/1.1\r\nCookie: {cookie}\r\n\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CONNECT db.internal HTTP/1.1\r\n\r\n", "'db.internal' is no host:port")]
    [InlineData("CONNECT db.internal:0 HTTP/1.1\r\n\r\n", "is no host:port")]
    [InlineData("CONNECT http://db:80/ HTTP/1.1\r\n\r\n", "is no host:port")]
    [InlineData("CONNECT unix:/run/app.sock HTTP/1.1\r\n\r\n", "is no host:port")]
    [InlineData("GET / HTTP/1.1\r\nHost: db\r\n\r\n", "this is a proxy")]
    [InlineData("OPTIONS * HTTP/1.1\r\n\r\n", "this is a proxy")]
    [InlineData("GET https://db/ HTTP/1.1\r\n\r\n", "this is a proxy")]
    [InlineData("GET http://user@db/ HTTP/1.1\r\n\r\n", "is no host:port")]
    [InlineData("GET http:/// HTTP/1.1\r\n\r\n", "is no host:port")]
    [InlineData("CONNECT db:1 HTTP/2.0\r\n\r\n", "first line")]
    [InlineData("CONNECT db:1\r\n\r\n", "first line")]
    [InlineData("CONNECT  db:1 HTTP/1.1\r\n\r\n", "first line")]
    [InlineData("CONNECT db:1 HTTP/1.1\r\nHost\r\n\r\n", "'Name: value'")]
    [InlineData("CONNECT db:1 HTTP/1.1\r\nHost : db\r\n\r\n", "'Name: value'")]
    [InlineData("CONNECT db:1 HTTP/1.1\r\n folded: x\r\n\r\n", "'Name: value'")]
    [InlineData("CONNECT db:1 HTTP/1.1\r\n: x\r\n\r\n", "'Name: value'")]
    [InlineData("CONNECT db:1 HTTP/1.1\nHost: db\r\n\r\n", "CR LF")]
    [InlineData("GET http://db/ HTTP/1.1\r\nA: b\rContent-Length: 5\r\n\r\n", "CR LF")]
    [InlineData("GET http://db/ HTTP/1.1\r\nA: \0\r\n\r\n", "CR LF")]
    public async Task Request_ThatIsNone_IsAnsweredWith400AndTheReason(string request, string reason)
    {
        await using ProxyUnderTest proxy = new();
        string answer = await AnswerAsync(proxy, request + "more");

        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
        Assert.Contains(reason, Body(answer), StringComparison.Ordinal);
        Assert.Empty(proxy.Targets);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Authorization: Basic YW5uOnNlY3JldA==\r\n")]
    [InlineData("Proxy-Authorization: Basic YW5uOlNlY3JldA==\r\n")]
    [InlineData("Proxy-Authorization: Basic YW5u\r\n")]
    [InlineData("Proxy-Authorization: Basic\r\n")]
    [InlineData("Proxy-Authorization: Basic !\r\n")]
    [InlineData("Proxy-Authorization: Bearer YW5uOnNlY3JldA==\r\n")]
    public async Task Password_ThatIsMissingOrWrong_IsAskedFor(string field)
    {
        await using ProxyUnderTest proxy = new(new SocksOptions { User = "ann", Password = "secret" });
        foreach (string line in new[] { "CONNECT db:1", "GET http://db/" })
        {
            string answer = await AnswerAsync(proxy, $"{line} HTTP/1.1\r\n{field}\r\n");

            Assert.StartsWith("HTTP/1.1 407 Proxy Authentication Required\r\n", answer, StringComparison.Ordinal);
            Assert.Contains("\r\nProxy-Authenticate: Basic realm=\"tunnel\"\r\n", answer, StringComparison.Ordinal);
        }

        Assert.Empty(proxy.Targets);
    }

    [Theory]
    [InlineData("Proxy-Authorization: Basic YW5uOnNlOmNyZXQ=")]
    [InlineData("proxy-authorization: basic  YW5uOnNlOmNyZXQ=")]
    public async Task Password_ThatIsRight_IsAccepted(string field)
    {
        await using ProxyUnderTest proxy = new(new SocksOptions { User = "ann", Password = "se:cret" });

        Assert.Equal(Established, await AnswerAsync(proxy, $"CONNECT db:1 HTTP/1.1\r\n{field}\r\n\r\n"));
    }

    [Theory]
    [InlineData(TunnelError.ForbiddenTarget, "403 Forbidden", "forbidden-target: why")]
    [InlineData(TunnelError.TargetRefused, "502 Bad Gateway", "target-refused: why")]
    [InlineData(TunnelError.TargetNotResolved, "502 Bad Gateway", "target-not-resolved: why")]
    [InlineData(TunnelError.TargetUnreachable, "502 Bad Gateway", "target-unreachable: why")]
    [InlineData(TunnelError.TargetTimedOut, "504 Gateway Timeout", "target-timed-out: why")]
    [InlineData(TunnelError.NoConnector, "502 Bad Gateway", "no-connector: why")]
    public async Task Session_ThatCannotBeOpened_IsToldWithAStatusAndTheReason(TunnelError error, string status, string reason)
    {
        await using ProxyUnderTest proxy = new(failure: new TunnelException(error, "why"));
        foreach (string line in new[] { "CONNECT db:1", "GET http://db/" })
        {
            string answer = await AnswerAsync(proxy, $"{line} HTTP/1.1\r\n\r\n" + "early");

            Assert.StartsWith($"HTTP/1.1 {status}\r\n", answer, StringComparison.Ordinal);
            Assert.Equal($"tunnel: {reason}\n", Body(answer));
        }
    }

    [Fact]
    public void Failure_ThatWasGivenUp_IsWhatFailedLast()
    {
        Exception unheard = new TunnelException(TunnelError.SessionGone, "given up", new IOException("no answer"));
        Exception refused = new TunnelException(TunnelError.SessionGone, "given up", new TunnelException(TunnelError.NoConnector, "none"));

        Assert.Equal((1, 504), (FailureWords.Socks5(unheard), FailureWords.HttpStatus(unheard)));
        Assert.Equal((1, 502), (FailureWords.Socks5(refused), FailureWords.HttpStatus(refused)));
        Assert.Equal((1, 502), (FailureWords.Socks5(new IOException()), FailureWords.HttpStatus(new IOException())));
    }

    private static async Task<string> AnswerAsync(ProxyUnderTest proxy, string request) => Text(await proxy.AnswerAsync(Encoding.Latin1.GetBytes(request)));

    private static string Text(byte[] bytes) => Encoding.Latin1.GetString(bytes);

    /// <summary>The body, which has the length that the head says.</summary>
    private static string Body(string answer)
    {
        string[] parts = answer.Split("\r\n\r\n", 2);
        Assert.Contains($"\r\nContent-Length: {parts[1].Length}\r\n", parts[0] + "\r\n", StringComparison.Ordinal);
        return parts[1];
    }
}
