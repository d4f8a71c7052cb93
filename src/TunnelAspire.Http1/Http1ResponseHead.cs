using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Http1;

/// <summary>Reads an answer's head (RFC 9112 sections 4 and 5).</summary>
internal static class Http1ResponseHead
{
    /// <summary>Longest head that is read, in bytes.</summary>
    public const int MostBytes = 64 * 1024;

    /// <summary>Names that answers bear all the time: they need no string of their own.</summary>
    private static readonly string[] Known =
    [
        TunnelHeaders.Ack, TunnelHeaders.Connector, TunnelHeaders.Error, TunnelHeaders.Fin, TunnelHeaders.Grace, TunnelHeaders.Hold, TunnelHeaders.MaxBody,
        TunnelHeaders.Offset, TunnelHeaders.Relay, TunnelHeaders.Request, TunnelHeaders.Session, TunnelHeaders.Token, TunnelHeaders.Version, TunnelHeaders.Window,
        "Cache-Control", "Connection", "Content-Length", "Content-Type", "Date", "Location", "Retry-After", "Server", "Transfer-Encoding", "X-Accel-Buffering",
    ];

    /// <summary>Length of the head at the beginning of what was received, with its empty line; 0 where that has not come yet.</summary>
    public static int LengthOf(ReadOnlySpan<byte> received)
    {
        int from = 0;
        while (received[from..].IndexOf((byte)'\n') is >= 0 and int feed)
        {
            from += feed + 1;
            ReadOnlySpan<byte> next = received[from..];
            if (next.StartsWith("\r\n"u8))
            {
                return from + 2;
            }

            if (next.StartsWith("\n"u8))
            {
                return from + 1;
            }
        }

        return 0;
    }

    /// <summary>Reads a whole head.</summary>
    /// <exception cref="HttpRequestException">It is none.</exception>
    public static void Read(ReadOnlySpan<byte> head, HttpResponseMessage to)
    {
        StatusLine(NextLine(ref head), to);
        while (NextLine(ref head) is { IsEmpty: false } line)
        {
            int colon = line.IndexOf((byte)':');
            if (colon <= 0 || line[..colon].ContainsAny(" \t"u8))
            {
                throw Invalid("a line of its head is no header");
            }

            Add(to, Name(line[..colon]), Encoding.Latin1.GetString(line[(colon + 1)..].Trim(" \t"u8)));
        }
    }

    private static void StatusLine(ReadOnlySpan<byte> line, HttpResponseMessage to)
    {
        if (line.Length < 12 || !line.StartsWith("HTTP/1."u8) || line[7] is not ((byte)'0' or (byte)'1') || line[8] != ' ' ||
            !int.TryParse(line[9..12], NumberStyles.None, CultureInfo.InvariantCulture, out int status) || status < 100 || (line.Length > 12 && line[12] != ' '))
        {
            throw Invalid("it does not begin as one");
        }

        (to.Version, to.StatusCode) = (line[7] == '1' ? HttpVersion.Version11 : HttpVersion.Version10, (HttpStatusCode)status);
        ReadOnlySpan<byte> reason = line.Length > 13 ? line[13..] : default;
        if (to.ReasonPhrase is null || !Ascii.Equals(reason, to.ReasonPhrase))
        {
            to.ReasonPhrase = Encoding.Latin1.GetString(reason);
        }
    }

    private static void Add(HttpResponseMessage to, string name, string value)
    {
        HttpHeaders headers = name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase) ? to.Content.Headers : to.Headers;
        if (!headers.TryAddWithoutValidation(name, value))
        {
            to.Content.Headers.TryAddWithoutValidation(name, value); // Expires, Last-Modified, Allow; else it is no name
        }
    }

    private static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> rest)
    {
        int feed = rest.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = rest[..feed];
        rest = rest[(feed + 1)..];
        return line.EndsWith("\r"u8) ? line[..^1] : line;
    }

    private static string Name(ReadOnlySpan<byte> name)
    {
        foreach (string known in Known)
        {
            if (known.Length == name.Length && Ascii.Equals(name, known))
            {
                return known;
            }
        }

        return Encoding.Latin1.GetString(name);
    }

    private static HttpRequestException Invalid(string how) => new(HttpRequestError.InvalidResponse, $"the answer is no HTTP/1.1: {how}");
}
