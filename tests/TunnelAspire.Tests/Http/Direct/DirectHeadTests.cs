using System.Text;
using CsCheck;
using TunnelAspire.Http.Direct;

namespace TunnelAspire.Tests.Http.Direct;

/// <summary>What is taken for a request to be served directly, and what is left to the web server because there is any doubt.</summary>
public sealed class DirectHeadTests
{
    private const string Path = "/v1/sessions/AAAAAAAAAAAAAAAAAAAAAA";

    private static readonly string[] Parts =
    [
        "GET ", "POST ", Path, "/send", "?a", " HTTP/1.1", "\r\n", "\r\n\r\n", "Host: a", ":", " ", "Content-Length: ", "5", "\n", "\r", "\0",
        "Transfer-Encoding: chunked", "\u00ff",
    ];

    private readonly DirectHead _head = new();

    [Theory]
    [InlineData($"GET {Path}/receive?ack=0 HTTP/1.1\r\nHost: a\r\n\r\n", 0L, true)]
    [InlineData($"POST {Path}/send?offset=0 HTTP/1.1\r\nHost: a:80\r\nContent-Length: 5\r\n\r\n", 5L, true)]
    [InlineData($"POST {Path}/send HTTP/1.1\r\nhost: [::1]:80\r\nTransfer-Encoding: Chunked\r\n\r\n", null, true)]
    [InlineData($"POST {Path}/send HTTP/1.1\r\nHost: a\r\n\r\n", 0L, true)]
    [InlineData($"DELETE {Path} HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n", 0L, false)]
    [InlineData("GET /health HTTP/1.1\r\nHost: a\r\n\r\n", 0L, false)]
    [InlineData("POST /v1/sessions?target=a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 0L, false)]
    public void Head_BeyondDoubt_IsRead(string text, long? length, bool carries)
    {
        Assert.True(Read(text));
        Assert.Equal(length, _head.BodyLength);
        Assert.Equal(text.Length, _head.Length);
        Assert.Equal(carries ? Path[^22..] : "", _head.Session);
    }

    [Theory]
    [InlineData("GET {0} HTTP/1.1\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost:\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost: a@b\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost: a/b\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.0\r\nHost: a\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\nHost: a\n\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost: a\nX: b\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost: a\r\nX: b\0\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost: a\r\nX: \u00e9\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost: a\r\nX\u00e9: b\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost: a\r\n\tX: folded\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost : a\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost: a\r\nX\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost: a\r\nConnection: close, X\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("POST {0} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("POST {0} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n")]
    [InlineData("POST {0} HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n")]
    [InlineData("POST {0} HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n")]
    [InlineData("POST {0} HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n")]
    [InlineData("POST {0} HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n")]
    [InlineData("POST {0} HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n")]
    [InlineData("POST {0} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")]
    [InlineData("POST {0} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunkedx\r\n\r\n")]
    [InlineData("POST {0} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("POST {0} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \r\n\r\n")]
    [InlineData("HEAD {0} HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("PUT {0} HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("get {0} HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET  {0} HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET {0}  HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET http://a{0} HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET {0}/%2e%2e HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET {0}/../x HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET {0}#x HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET {0}?x#y HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET {0}?\u00e9 HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET health HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET  HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("GET {0} HTTP/1.1\r\nHost: a\r\n")]
    public void Head_InAnyDoubt_IsLeftToTheWebServer(string text) => Assert.False(Read(text.Replace("{0}", $"{Path}/send", StringComparison.Ordinal)));

    [Theory]
    [InlineData(40, true)]
    [InlineData(41, false)]
    public void Headers_AreFortyAtMost(int count, bool read) =>
        Assert.Equal(read, Read($"GET {Path} HTTP/1.1\r\nHost: a\r\n{string.Concat(Enumerable.Range(1, count - 1).Select(i => $"X{i}: y\r\n"))}\r\n"));

    [Fact]
    public void Head_AfterOneThatWasRefused_IsReadAfresh()
    {
        Assert.False(Read($"POST {Path}/send HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));

        Assert.True(Read($"POST {Path}/send HTTP/1.1\r\nHost: a\r\n\r\n"));

        Assert.Equal((0, false), (_head.BodyLength, _head.Closes));
        Assert.Single(_head.Headers);
    }

    [Fact]
    public void Bytes_OfAnyKind_AreReadOrRefused() =>
        Gen.OneOf(
            Gen.Byte.Array[0, 200],
            Gen.Int[0, Parts.Length - 1].Select(i => Parts[i])
                .Array[0, 16].Select(parts => Encoding.Latin1.GetBytes(string.Concat(parts)))).Sample(bytes =>
        {
            if (_head.TryRead(bytes))
            {
                Assert.InRange(_head.Length, 1, bytes.Length);
                Assert.StartsWith("/", _head.Path, StringComparison.Ordinal);
            }
        }, threads: 1);

    private bool Read(string text) => _head.TryRead(Encoding.Latin1.GetBytes(text));
}
