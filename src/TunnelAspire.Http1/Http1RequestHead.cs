using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace TunnelAspire.Http1;

/// <summary>A request's head as bytes (RFC 9112 sections 3 and 5).</summary>
internal static class Http1RequestHead
{
    /// <summary>Writes it.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="request">The request.</param>
    /// <param name="server">Whom it is for, unless the request says something else.</param>
    /// <param name="length">The body's length; null: it comes in chunks.</param>
    /// <exception cref="HttpRequestException">It has a character that cannot be sent.</exception>
    public static void Write(IBufferWriter<byte> to, HttpRequestMessage request, IdleConnections server, long? length)
    {
        Text(to, request.Method.Method);
        Text(to, " ");
        Text(to, server.Target(request));
        Text(to, " HTTP/1.1\r\n");
        Header(to, "Host", request.Headers.Host ?? server.Authority);
        Headers(to, request.Headers);
        if (request.Content is { } content)
        {
            Headers(to, content.Headers);
        }

        if (length is null)
        {
            Header(to, "Transfer-Encoding", "chunked");
        }
        else if (request.Content is not null || request.Method == HttpMethod.Post)
        {
            Header(to, "Content-Length", length.Value.ToString(CultureInfo.InvariantCulture));
        }

        Text(to, "\r\n");
    }

    private static void Headers(IBufferWriter<byte> to, HttpHeaders headers)
    {
        foreach ((string name, HeaderStringValues values) in headers.NonValidated)
        {
            if (name is "Host" or "Content-Length" or "Transfer-Encoding")
            {
                continue; // written here
            }

            foreach (string value in values)
            {
                Header(to, name, value);
            }
        }
    }

    private static void Header(IBufferWriter<byte> to, string name, string value)
    {
        if (value.AsSpan().ContainsAnyInRange('\0', '\x8') || value.AsSpan().ContainsAny('\r', '\n'))
        {
            throw new HttpRequestException($"the header {name} has a control character");
        }

        Text(to, name);
        Text(to, ": ");
        Text(to, value);
        Text(to, "\r\n");
    }

    private static void Text(IBufferWriter<byte> to, ReadOnlySpan<char> text)
    {
        if (!Ascii.IsValid(text))
        {
            throw new HttpRequestException($"a request's head is ASCII, '{text}' is not");
        }

        to.Advance(Encoding.ASCII.GetBytes(text, to.GetSpan(text.Length)));
    }
}
