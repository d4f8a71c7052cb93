using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Http.Direct;

/// <summary>
/// The head of a request that is served directly, in plain HTTP/1.1 (RFC 9112). Reads only what is beyond doubt; whatever is not is
/// the web server's, which knows how to refuse it.
/// </summary>
/// <remarks>
/// <code>
/// POST /v1/sessions/AAAAAAAAAAAAAAAAAAAAAA/send?offset=0 HTTP/1.1
/// Host: relay.example
/// Tunnel-Token: …
/// Content-Type: binary/tcp
/// Transfer-Encoding: chunked
/// </code>
/// </remarks>
internal sealed class DirectHead
{
    /// <summary>Longest head that is served directly, in bytes.</summary>
    public const int MostBytes = 4096;

    private const int MostHeaders = 40;

    private const string SessionsPrefix = TunnelPaths.Sessions + "/";

    private static readonly SearchValues<byte> PathCharacters =
        SearchValues.Create("/-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);

    private static readonly SearchValues<byte> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);

    private static readonly SearchValues<char> HostCharacters =
        SearchValues.Create("-._:[]0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// <summary>Names that requests mostly carry: not made anew for each.</summary>
    private static readonly string[] KnownNames =
    [
        "Host", "Accept", "Connection", "User-Agent", "Content-Type", "Content-Length", "Transfer-Encoding", "Via", "X-Forwarded-For",
        TunnelHeaders.Token, TunnelHeaders.Session, TunnelHeaders.Epoch, TunnelHeaders.Relay, TunnelHeaders.Proof,
    ];

    private static readonly string[] KnownValues = [TunnelMediaTypes.BinaryTcp, TunnelMediaTypes.OctetStream, "chunked", "keep-alive"];

    private string _path = "";

    /// <summary>Length of the head, with the empty line that ends it.</summary>
    public int Length { get; private set; }

    /// <summary><c>GET</c>, <c>POST</c> or <c>DELETE</c>.</summary>
    public string Method { get; private set; } = "";

    /// <summary>The path.</summary>
    public string Path => _path;

    /// <summary>The session's id, where the request is a send or a receive; else it is empty.</summary>
    public string Session { get; private set; } = "";

    /// <summary>The query, with its question mark; may be empty.</summary>
    public string Query { get; private set; } = "";

    /// <summary>All headers.</summary>
    public HeaderDictionary Headers { get; } = [];

    /// <summary>Length of the body; null where it is chunked.</summary>
    public long? BodyLength { get; private set; }

    /// <summary>The client closes the connection after the answer.</summary>
    public bool Closes { get; private set; }

    /// <summary>Reads the head; false where the request is not one to be served directly, or its head is not complete.</summary>
    public bool TryRead(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return false;
        }

        Length = end + 4;
        (BodyLength, Closes) = (0, false);
        Headers.Clear();
        ReadOnlySpan<byte> head = bytes[..(end + 2)];
        int line = head.IndexOf("\r\n"u8);
        return TryReadRequestLine(head[..line]) && TryReadHeaders(head[(line + 2)..]) && TryFrame();
    }

    /// <summary><c>METHOD /path HTTP/1.1</c>.</summary>
    private bool TryReadRequestLine(ReadOnlySpan<byte> line)
    {
        string? method = line switch
        {
            _ when line.StartsWith("GET "u8) => HttpMethods.Get,
            _ when line.StartsWith("POST "u8) => HttpMethods.Post,
            _ when line.StartsWith("DELETE "u8) => HttpMethods.Delete,
            _ => null,
        };
        if (method is null || !line.EndsWith(" HTTP/1.1"u8) || line.Length < method.Length + 10)
        {
            return false;
        }

        Method = method;
        return TryReadTarget(line[(method.Length + 1)..^9]);
    }

    /// <summary><c>/path[?query]</c>, mostly <c>/v1/sessions/{id}/send?offset=0</c>, without any escape in the path.</summary>
    private bool TryReadTarget(ReadOnlySpan<byte> target)
    {
        int mark = target.IndexOf((byte)'?');
        ReadOnlySpan<byte> path = mark < 0 ? target : target[..mark];
        if (!path.StartsWith((byte)'/') || path.ContainsAnyExcept(PathCharacters) || target.ContainsAnyExceptInRange((byte)'!', (byte)'~') || target.Contains((byte)'#'))
        {
            return false;
        }

        if (!Ascii.Equals(_path.AsSpan(), path))
        {
            _path = Encoding.ASCII.GetString(path); // mostly the connection goes on with the same session
        }

        Query = Encoding.ASCII.GetString(target[path.Length..]);
        string verb = Method == HttpMethods.Get ? "/receive" : "/send";
        bool carries = Method != HttpMethods.Delete && _path.Length == SessionsPrefix.Length + SessionId.Length + verb.Length &&
            _path.StartsWith(SessionsPrefix, StringComparison.Ordinal) && _path.EndsWith(verb, StringComparison.Ordinal);
        Session = !carries ? "" : _path.AsSpan(SessionsPrefix.Length, SessionId.Length).SequenceEqual(Session) ? Session : _path.Substring(SessionsPrefix.Length, SessionId.Length);
        return true;
    }

    private bool TryReadHeaders(ReadOnlySpan<byte> lines)
    {
        for (int count = 0; lines.Length > 0; count++)
        {
            int end = lines.IndexOf("\r\n"u8);
            ReadOnlySpan<byte> line = lines[..end];
            lines = lines[(end + 2)..];
            int colon = line.IndexOf((byte)':');
            if (colon <= 0 || count == MostHeaders || line[..colon].ContainsAnyExcept(TokenCharacters))
            {
                return false;
            }

            ReadOnlySpan<byte> value = line[(colon + 1)..].Trim(" \t"u8);
            if (value.IsEmpty || value.ContainsAnyExceptInRange((byte)' ', (byte)'~')) // empty ones are dropped by the dictionary: nobody would see them
            {
                return false;
            }

            Headers.Append(Text(line[..colon], KnownNames), Text(value, KnownValues));
        }

        return true;
    }

    /// <summary>How the body is framed (RFC 9112 section 6). A request that says it twice, or asks for anything special, is not served directly.</summary>
    private bool TryFrame()
    {
        IHeaderDictionary headers = Headers;
        if (headers.Host is not [{ Length: > 0 } host] || host.AsSpan().ContainsAnyExcept(HostCharacters) || headers.Connection.Count > 1 || headers.ContentLength is < 0 || headers.ContainsKey("Expect") || headers.ContainsKey("Upgrade"))
        {
            return false;
        }

        string? connection = headers.Connection;
        Closes = string.Equals(connection, "close", StringComparison.OrdinalIgnoreCase);
        if (connection is not null && !Closes && !connection.Equals("keep-alive", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        bool chunked = headers.TransferEncoding.Count > 0;
        if (chunked ? headers.TransferEncoding != "chunked" || headers.ContainsKey("Content-Length") : headers.ContainsKey("Content-Length") && headers.ContentLength is null)
        {
            return false;
        }

        BodyLength = chunked ? null : headers.ContentLength ?? 0;
        return BodyLength == 0 || Method == HttpMethods.Post;
    }

    private static string Text(ReadOnlySpan<byte> bytes, string[] known)
    {
        foreach (string text in known)
        {
            if (text.Length == bytes.Length && Ascii.EqualsIgnoreCase(bytes, text))
            {
                return text;
            }
        }

        return Encoding.ASCII.GetString(bytes);
    }
}
