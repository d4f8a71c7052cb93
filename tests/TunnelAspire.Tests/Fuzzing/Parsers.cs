using System.Globalization;
using System.Net;
using System.Numerics;
using System.Text;
using TunnelAspire.Agent.Forwards;
using TunnelAspire.Agent.Http;
using TunnelAspire.Agent.Settings;
using TunnelAspire.Agent.WaysIn;
using TunnelAspire.Connector.Policy;
using TunnelAspire.Connector.Targets;
using TunnelAspire.Http.Direct;
using TunnelAspire.Http.Identity;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Routing;

namespace TunnelAspire.Tests.Fuzzing;

/// <summary>A parser of what comes from the network, a file or the command line, and what must hold whatever it is given.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Seeds">Texts that it takes, from which others are made.</param>
/// <param name="Check">Parses a text; throws where something does not hold.</param>
public sealed record Parser(string Name, string[] Seeds, Action<string> Check)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>All of them. Whoever adds a parser adds it here.</summary>
public static class Parsers
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Parser> All { get; } =
    [
        new("offset", ["0", "1", "9223372036854775807", "9223372036854775808", "007", "-1", "+1", " 1", "1_000"], CheckOffset),
        new("address", ["127.0.0.1", "::1", "2001:db8::1", "::ffff:10.0.0.1", "fe80::1%2", "010.0.0.1", "1"], CheckAddress),
        new("target", ["db.internal:5432", "[::1]:80", "192.0.2.1:65535", "unix:/run/a.sock", "unix:/a/../b", "[1.2.3.4]:1", "a:0"], CheckTarget),
        new("session id", ["AAAAAAAAAAAAAAAAAAAAAA", "bnlJcnbZ0123456789-_AQ", "bnlJcnbZ0123456789-_AB"], CheckSessionId),
        new("error code", ["malformed", "too-many", "session-gone"], text => Must(!TunnelErrors.TryParse(text, out TunnelError error) || error.Code() == text)),
        new("session token", ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"], text => Must(!new SessionTokens().Admits(SessionId.New(), text))),
        new("cluster keys", ["0123456789abcdef0123456789abcdef, fedcba9876543210fedcba9876543210\n"], text => Refusing(() => ClusterKeys.Parse(text))),
        new("static tokens", ["alice sha256:n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg expires=2027-01-31 roles=dba,ops\n# nobody\n"], CheckStaticTokens),
        new("issuer's keys", ["{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"1\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\",\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\",\"alg\":\"HS256\"}]}", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"], text => Refusing(() => IssuerKeys.Parse(AsFile(text)))),
        new("policy", ["{\"rules\":[{\"name\":\"a\",\"callers\":[\"*\"],\"allow\":[\"*.internal:5432\"],\"maxSessions\":5,\"lifetime\":\"01:00:00\"}]}"], text => Refusing(() => PolicyFile.Parse(AsFile(text)))),
        new("target pattern", ["*:*", "*.internal:1-1024", "10.0.0.0/8:*", "[2001:db8::]/32:443", "unix:/run/*.sock", "127.0.0.1:80"], text => Refusing(() => TargetPattern.Parse(text))),
        new("forward", ["5432:db.internal:5432", "*:8080:[::1]:80", "/tmp/a.sock:db:1", "5432:/run/a.sock", "[::1]:0:a:1"], CheckForward),
        new("listening address", ["1080", "*:1080", "localhost:0", "[::1]:65535"], text => Refusing(() => ListenAddress.Parse(text))),
        new("proxy request", ["CONNECT db:1 HTTP/1.1\r\nHost: db\r\n\r\n", "GET http://db/x?y HTTP/1.0\r\nA: b\r\nProxy-Authorization: Basic YTpi\r\n\r\n"], CheckProxyRequest),
        new("direct request", ["POST /v1/sessions/AAAAAAAAAAAAAAAAAAAAAA/send?offset=0 HTTP/1.1\r\nHost: a:80\r\nTunnel-Token: x\r\nTransfer-Encoding: chunked\r\n\r\n", "GET /health HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n", "POST /v1/sessions?target=a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 17\r\n\r\n"], CheckDirectHead),
        new("agent's configuration", ["{\"Agent\":{\"Server\":\"https://a\",\"Forwards\":{\"db\":\"5432:db:5432\"},\"Socks\":{\"Listen\":[\"1080\"]},/* x */\"Mode\":\"poll\",}}"], text => Refusing(() => SettingsText.Parse("tunnel.json", Encoding.UTF8.GetBytes(text)))),
        new("proxy's refusal", ["HTTP/1.1 407 Go away\r\nServer: squid/5.7\r\nProxy-Authenticate: Basic realm=\"x\"\r\nProxy-Authenticate: NTLM\r\n\r\n"], text => _ = ProxyDemand.Of(ProxyDemand.Parse(text))),
        new("route", ["connector-0|17|http://127.0.0.1:8081/", "a|1|https://x|seal=AAAA"], CheckRoute),
        new("connector's entry", ["17|5|0|http://127.0.0.1:8081/", "17|5|1|http://x"], CheckStatus),
    ];

    /// <summary>The text as it is read from a file: without halves of surrogate pairs.</summary>
    private static string AsFile(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>Takes the text, or refuses it with a message that a person can read. Anything else is a fault.</summary>
    private static T? Refusing<T>(Func<T> parse)
        where T : class
    {
        try
        {
            return parse();
        }
        catch (FormatException e)
        {
            Must(e.Message.Length > 0, "a refusal without a word");
            return null;
        }
    }

    private static void CheckOffset(string text)
    {
        bool digits = text.Length > 0 && text.All(char.IsAsciiDigit);
        bool expected = digits && BigInteger.Parse(text, CultureInfo.InvariantCulture) <= long.MaxValue;
        Must(WireText.TryParseOffset(text, out long offset) == expected);
        Must(!expected || offset == BigInteger.Parse(text, CultureInfo.InvariantCulture));
    }

    private static void CheckAddress(string text)
    {
        if (WireText.TryParseAddress(text, out IPAddress? address))
        {
            Must(IPAddress.Parse(address.ToString()).Equals(address));
            Must(!text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c is '%' or '[' or '/'));
        }
    }

    private static void CheckTarget(string text)
    {
        if (TargetAddress.TryParse(text, out TargetAddress? target))
        {
            Must(TargetAddress.TryParse(target.ToString(), out TargetAddress? again) && again == target);
            Must(!target.Host.Any(char.IsControl));
            Must(target.IsUnix ? target.Host.StartsWith('/') && !target.Host.Contains("/../", StringComparison.Ordinal) : target.Port is > 0 and < 65536);
        }
    }

    private static void CheckSessionId(string text)
    {
        if (SessionId.TryParse(text, out SessionId id))
        {
            Must(id.ToString() == text); // one way to write it
        }
    }

    private static void CheckStaticTokens(string text)
    {
        if (Refusing(() => StaticTokens.Parse(AsFile(text))) is { } tokens)
        {
            Must(tokens.All.All(token => token.Hash.Length == 32 && token.Name.Length > 0));
        }
    }

    private static void CheckForward(string text)
    {
        if (Refusing(() => ForwardSpec.Parse(text)) is { } forward)
        {
            Must(TargetAddress.TryParse(forward.Target.ToString(), out TargetAddress? again) && again == forward.Target);
        }
    }

    /// <summary>What is handed on of a request holds the same fields, and no line that was not one before.</summary>
    private static void CheckProxyRequest(string text)
    {
        byte[] head = Encoding.Latin1.GetBytes(text.EndsWith("\r\n\r\n", StringComparison.Ordinal) ? text : text + "\r\n\r\n");
        if (Refusing(() => HttpRequestHead.Parse(head)) is { } request)
        {
            HttpRequestHead handedOn = HttpRequestHead.Parse(request.ForTarget("a:1", "/"));
            Must(handedOn.Method == request.Method && handedOn.Version == request.Version);
            Must(handedOn.Fields.Count <= request.Fields.Count + 2);
            Must(handedOn.Fields.Skip(1).SkipLast(1).All(request.Fields.Contains));
        }
    }

    /// <summary>What is served directly is beyond doubt: nothing in it that a system in front may have read otherwise.</summary>
    private static void CheckDirectHead(string text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        DirectHead head = new();
        if (head.TryRead(bytes))
        {
            Must(bytes.AsSpan(0, head.Length).IndexOf("\r\n\r\n"u8) == head.Length - 4);
            Must(head.Path.StartsWith('/') && !(head.Path + head.Query).Any(c => c is <= ' ' or '#'));
            Must(head.BodyLength is null or >= 0 && (head.Method == "POST" || head.BodyLength == 0), "a body where none is");
            Must(head.Headers["Host"].Count == 1 && head.Headers.All(field => !field.Value.ToString().Any(char.IsControl) && !field.Key.Any(char.IsWhiteSpace)));
            Must(!(head.Headers.ContentLength is not null && head.Headers["Transfer-Encoding"].Count > 0), "two lengths");
        }
    }

    private static void CheckRoute(string text)
    {
        RoutingText open = new(new ClusterKeys());
        if (open.ReadRoute(text) is { } route)
        {
            Must(open.ReadRoute(open.Write(route)) == route);
        }

        Must(new RoutingText(new ClusterKeys("0123456789abcdef0123456789abcdef")).ReadRoute(text) is null, "a route without a seal counts");
    }

    private static void CheckStatus(string text)
    {
        RoutingText open = new(new ClusterKeys());
        if (open.ReadStatus("connector", text) is { } status)
        {
            Must(open.ReadStatus("connector", open.Write(status)) == status);
        }

        Must(new RoutingText(new ClusterKeys("0123456789abcdef0123456789abcdef")).ReadStatus("connector", text) is null, "an entry without a seal counts");
    }

    private static void Must(bool holds, string what = "what is read is written and read again otherwise, or ought to have been refused")
    {
        if (!holds)
        {
            throw new InvalidDataException(what);
        }
    }
}
