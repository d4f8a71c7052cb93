using System.Buffers.Text;
using System.Security.Cryptography;

namespace TunnelAspire.Agent.Sessions;

/// <summary>Secret keys of opens, 192 bits as 32 characters of base64url. The system is asked for the randomness of many at a time: asking takes longer than all else.</summary>
internal static class OpenKey
{
    private const int Bytes = 24;
    private const int AtOnce = 64;

    [ThreadStatic]
    private static byte[]? _random;

    [ThreadStatic]
    private static int _left;

    /// <summary>A new key.</summary>
    public static string New()
    {
        byte[] random = _random ??= new byte[AtOnce * Bytes];
        if (_left == 0)
        {
            RandomNumberGenerator.Fill(random);
            _left = AtOnce;
        }

        Span<byte> own = random.AsSpan(--_left * Bytes, Bytes);
        string key = Base64Url.EncodeToString(own);
        own.Clear(); // nobody gets it a second time
        return key;
    }
}
