using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.WaysIn;

/// <summary>An HTTP/1 proxy (RFC 9110 §9.3.6): CONNECT, and requests for <c>http://</c> URLs, one for each connection.</summary>
internal sealed class HttpWayIn(SocksOptions options) : IWayIn
{
    private const int LongestHead = 32 * 1024; // bytes
    private const string Scheme = "http://";
    private const int DefaultPort = 80;
    private static readonly byte[] HeadEnd = "\r\n\r\n"u8.ToArray();
    private static readonly byte[] Established = "HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray();

    /// <inheritdoc/>
    public async ValueTask<Arrival> GreetAsync(ClientSocket client, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> bytes = await client.ReadThroughAsync(HeadEnd, LongestHead, cancellationToken);
        try
        {
            HttpRequestHead head = HttpRequestHead.Parse(bytes.Span);
            RequirePassword(head);
            return head.Method == "CONNECT" ? Connect(head) : Plain(head);
        }
        catch (FormatException e)
        {
            throw new HandshakeException(e.Message, Answer(400, e.Message));
        }
    }

    private static Arrival Connect(HttpRequestHead head) => new(ParseAuthority(head.Target, null)) { Opened = Established, Failed = Refusal };

    /// <summary><c>http://host[:port]/path</c>: the target gets the request as if the client had come to it without a proxy.</summary>
    private static Arrival Plain(HttpRequestHead head)
    {
        if (!head.Target.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            throw new FormatException($"'{head.Target}' is no http:// URL: this is a proxy, which takes CONNECT host:port and http:// URLs");
        }

        string rest = head.Target[Scheme.Length..];
        int end = rest.AsSpan().IndexOfAny('/', '?', '#');
        string authority = end < 0 ? rest : rest[..end];
        string path = end < 0 ? "/" : rest[end] == '/' ? rest[end..] : "/" + rest[end..];
        return new Arrival(ParseAuthority(authority, DefaultPort)) { First = head.ForTarget(authority, path), Failed = Refusal };
    }

    /// <summary>Reads <c>host:port</c>; a port may be missing where there is a default.</summary>
    private static TargetAddress ParseAuthority(string authority, int? defaultPort)
    {
        bool hasPort = authority.LastIndexOf(':') > authority.LastIndexOf(']');
        string text = hasPort || defaultPort is null ? authority : string.Create(CultureInfo.InvariantCulture, $"{authority}:{defaultPort}");
        return TargetAddress.TryParse(text, out TargetAddress? target) && !target.IsUnix
            ? target
            : throw new FormatException($"'{authority}' is no host:port");
    }

    private void RequirePassword(HttpRequestHead head)
    {
        if (options.AsksForPassword && !HasPassword(head.Field("Proxy-Authorization")))
        {
            const string Wrong = "the proxy asks for a name and a password";
            throw new HandshakeException(Wrong, Answer(407, Wrong, "Proxy-Authenticate: Basic realm=\"tunnel\"\r\n"));
        }
    }

    /// <summary><c>Basic base64(user:password)</c> (RFC 7617).</summary>
    private bool HasPassword(string? authorization)
    {
        string[] parts = (authorization ?? "").Split(' ', 2);
        byte[] decoded = new byte[parts[^1].Length];
        if (!parts[0].Equals("Basic", StringComparison.OrdinalIgnoreCase) || !Convert.TryFromBase64String(parts[^1], decoded, out int length))
        {
            return false;
        }

        ReadOnlySpan<byte> credentials = decoded.AsSpan(0, length);
        int colon = credentials.IndexOf((byte)':');
        return colon >= 0 && options.Admits(credentials[..colon], credentials[(colon + 1)..]);
    }

    private static ReadOnlyMemory<byte> Refusal(Exception failure)
    {
        string code = failure is TunnelException { InnerException: null } refusal ? $"{refusal.Error.Code()}: " : "";
        return Answer(FailureWords.HttpStatus(failure), code + failure.Message);
    }

    private static byte[] Answer(int status, string reason, string fields = "")
    {
        byte[] body = Encoding.UTF8.GetBytes($"tunnel: {reason}\n");
        string head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status} {ReasonPhrases.GetReasonPhrase(status)}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {body.Length}\r\nConnection: close\r\n{fields}\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }
}
