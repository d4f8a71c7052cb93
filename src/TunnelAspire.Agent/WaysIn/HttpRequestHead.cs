using System.Text;

namespace TunnelAspire.Agent.WaysIn;

/// <summary>The head of an HTTP/1 request to a proxy (RFC 9112 §3, §5).</summary>
/// <param name="Method">The method, such as <c>CONNECT</c>.</param>
/// <param name="Target">The request target: <c>host:port</c> for CONNECT, else an absolute URL.</param>
/// <param name="Version"><c>HTTP/1.0</c> or <c>HTTP/1.1</c>.</param>
/// <param name="Fields">The header fields, in order.</param>
internal sealed record HttpRequestHead(string Method, string Target, string Version, IReadOnlyList<KeyValuePair<string, string>> Fields)
{
    private const string LineEnd = "\r\n";

    /// <summary>Fields that are for this proxy only, or that the rewritten head has of its own.</summary>
    private static readonly string[] NotForTheTarget = ["Host", "Connection", "Proxy-Connection", "Proxy-Authorization", "Keep-Alive"];

    /// <summary>Reads a head that ends with an empty line. Anything that two readers could read in two ways is refused.</summary>
    /// <exception cref="FormatException">It is none; the message says what is wrong.</exception>
    public static HttpRequestHead Parse(ReadOnlySpan<byte> head)
    {
        string[] lines = Encoding.Latin1.GetString(head).Split(LineEnd);
        if (lines.Any(line => line.AsSpan().ContainsAny('\r', '\n', '\0')))
        {
            throw new FormatException("a line of the head ends otherwise than with CR LF");
        }

        string[] request = lines[0].Split(' ');
        return request is [{ Length: > 0 }, { Length: > 0 }, "HTTP/1.0" or "HTTP/1.1"]
            ? new HttpRequestHead(request[0], request[1], request[2], [.. lines[1..^2].Select(ParseField)])
            : throw new FormatException("the first line is not 'METHOD target HTTP/1.1'");
    }

    /// <summary>The first field of that name, or null.</summary>
    public string? Field(string name) =>
        Fields.Where(field => field.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(field => field.Value).FirstOrDefault();

    /// <summary>The head as the target itself is to get it: the path instead of the URL, and one request for the connection.</summary>
    public byte[] ForTarget(string authority, string pathAndQuery)
    {
        StringBuilder head = new($"{Method} {pathAndQuery} {Version}{LineEnd}Host: {authority}{LineEnd}");
        foreach ((string name, string value) in Fields.Where(field => !NotForTheTarget.Contains(field.Key, StringComparer.OrdinalIgnoreCase)))
        {
            head.Append(name).Append(": ").Append(value).Append(LineEnd);
        }

        return Encoding.Latin1.GetBytes(head.Append("Connection: close").Append(LineEnd).Append(LineEnd).ToString());
    }

    private static KeyValuePair<string, string> ParseField(string line)
    {
        int colon = line.IndexOf(':', StringComparison.Ordinal);
        string name = colon < 0 ? "" : line[..colon];
        return name.Length > 0 && name.All(c => c is > ' ' and <= '~')
            ? new(name, line[(colon + 1)..].Trim(' ', '\t'))
            : throw new FormatException("a line of the head is not 'Name: value'");
    }
}
