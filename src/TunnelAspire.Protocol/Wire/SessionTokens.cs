using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace TunnelAspire.Protocol.Wire;

/// <summary>
/// The secrets that admit requests to sessions: each is the session's id, signed with a key that lives as long as the
/// connector's process. So none is stored, the token of an ended session is still recognised, and nobody else can make one.
/// </summary>
public sealed class SessionTokens
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    /// <summary>The session's token: 256 bits as 43 characters of base64url.</summary>
    public string For(SessionId session)
    {
        Span<byte> signature = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(session.ToString()), signature);
        return Base64Url.EncodeToString(signature);
    }

    /// <summary>Whether <paramref name="token"/> is the session's own; compared in constant time.</summary>
    public bool Admits(SessionId session, string? token) =>
        token is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(For(session)));
}
