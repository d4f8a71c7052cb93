using System.Globalization;
using System.Text;

namespace TunnelAspire.IntegrationTests.Chaos.Faults;

/// <summary>The head of an HTTP/1.1 message, as text, and what its framing says.</summary>
internal sealed class MessageHead
{
    private readonly string _text;

    private MessageHead(string text) => _text = text;

    /// <summary>The first line's words: method and URL, or version and status.</summary>
    private string[] Words => _text[.._text.IndexOf('\r', StringComparison.Ordinal)].Split(' ', 3);

    public string Method => Words[0];

    public string Url => Words[1];

    public int Status => int.Parse(Words[1], CultureInfo.InvariantCulture);

    /// <summary>Whether it opens a session.</summary>
    public bool Opens => Method == "POST" && Path.EndsWith("/v1/sessions", StringComparison.Ordinal);

    public bool Receives => Method == "GET" && Path.EndsWith("/receive", StringComparison.Ordinal);

    /// <summary>The URL without its query: the session and the verb.</summary>
    public string Path => Url.Split('?')[0];

    public bool Chunked => Header("Transfer-Encoding") is not null;

    public long? Length => Header("Content-Length") is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;

    public bool Closes => string.Equals(Header("Connection"), "close", StringComparison.OrdinalIgnoreCase);

    /// <summary>The body that follows a request.</summary>
    public BodyScanner RequestBody() => new(Chunked ? null : Length ?? 0);

    /// <summary>The body that follows an answer; null: it ends with the connection.</summary>
    public BodyScanner? AnswerBody() => Status is 204 or 304 ? new(0) : Chunked ? new(null) : Length is { } length ? new(length) : null;

    public byte[] Bytes() => Encoding.Latin1.GetBytes(_text);

    /// <summary>The same head with another length of the body.</summary>
    public MessageHead WithLength(long length) => new(string.Join("\r\n", _text.Split("\r\n").Select(
        line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase) ? $"Content-Length: {length}" : line)));

    /// <summary>Parses a head, up to and with its empty line.</summary>
    public static MessageHead Parse(ReadOnlySpan<byte> head) => new(Encoding.Latin1.GetString(head));

    private string? Header(string name)
    {
        int at = _text.IndexOf($"\r\n{name}:", StringComparison.OrdinalIgnoreCase);
        return at < 0 ? null : _text[(at + name.Length + 3).._text.IndexOf('\r', at + 2)].Trim();
    }
}
