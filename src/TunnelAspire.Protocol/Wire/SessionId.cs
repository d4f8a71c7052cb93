using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace TunnelAspire.Protocol.Wire;

/// <summary>
/// Names one session in paths, routes and logs: 128 bits as 22 characters of base64url (RFC 4648 §5).
/// It is not a secret: what admits a request to a session is its token, made by <see cref="SessionTokens"/>.
/// </summary>
public readonly record struct SessionId
{
    /// <summary>Length of the text form, in characters.</summary>
    public const int Length = 22;

    private const int Bytes = 16;

    private readonly string? _text;

    private SessionId(string text) => _text = text;

    /// <summary>The first characters: enough to tell sessions apart in a log line.</summary>
    public string Prefix => ToString()[..8];

    /// <summary>A new random id.</summary>
    public static SessionId New()
    {
        Span<byte> random = stackalloc byte[Bytes];
        RandomNumberGenerator.Fill(random);
        return new SessionId(Base64Url.EncodeToString(random));
    }

    /// <summary>
    /// The id that belongs to the opener's secret key: the same key of the same caller always names the same session, so that an
    /// opening request can be repeated. The id does not give the key away, and another caller's session is never met.
    /// </summary>
    /// <param name="openKey">The key, of characters that a header may have: no line feed among them.</param>
    /// <param name="caller">The caller's name.</param>
    public static SessionId FromOpenKey(string openKey, string caller)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{openKey}\n{caller}"), hash);
        return new SessionId(Base64Url.EncodeToString(hash[..Bytes]));
    }

    /// <summary>Reads the text form: exactly 22 characters of base64url.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out SessionId id)
    {
        bool valid = text is { Length: Length } && text.AsSpan().IndexOfAnyExcept(WireText.Base64UrlCharacters) < 0;
        id = valid ? new SessionId(text!) : default;
        return valid;
    }

    /// <inheritdoc/>
    public override string ToString() => _text ?? "";
}
