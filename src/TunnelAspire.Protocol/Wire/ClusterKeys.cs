using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace TunnelAspire.Protocol.Wire;

/// <summary>
/// The secret that the relays and connectors of one installation share, and signatures by it (HMAC-SHA256). There may be several
/// keys while one replaces another: the first one signs, each is accepted.
/// </summary>
public sealed class ClusterKeys
{
    /// <summary>Shortest key that is taken, in characters.</summary>
    public const int ShortestKey = 32;

    /// <summary>Length of a signature's text: 256 bits as base64url, in characters.</summary>
    public const int SignatureLength = 43;

    private const int OnStack = 256;

    private volatile byte[][] _keys;

    /// <summary>These keys; none of them is a cluster without a secret.</summary>
    public ClusterKeys(params IEnumerable<string> keys) => _keys = Bytes(keys);

    /// <summary>Whether there is a secret at all.</summary>
    public bool Any => _keys.Length > 0;

    /// <summary>The keys as they are now. Another object after each change, so that what is made from them can be kept as long as they stay.</summary>
    public IReadOnlyList<byte[]> Current => _keys;

    /// <summary>Reads keys with white space or commas between them.</summary>
    /// <exception cref="FormatException">One is too short.</exception>
    public static IReadOnlyList<string> Parse(string text)
    {
        string[] keys = text.Split([' ', '\t', '\r', '\n', ','], StringSplitOptions.RemoveEmptyEntries);
        return keys.All(key => key.Length >= ShortestKey)
            ? keys
            : throw new FormatException($"a cluster key has at least {ShortestKey} characters; 'openssl rand -base64 32' makes one");
    }

    /// <summary>From now on it is these.</summary>
    public void Replace(IEnumerable<string> keys) => _keys = Bytes(keys);

    /// <summary>The signature of a text by the first key.</summary>
    /// <param name="purpose">What it is good for: signatures for one purpose are none for another.</param>
    /// <param name="text">What is signed.</param>
    /// <exception cref="InvalidOperationException">There is no key.</exception>
    public string Sign(string purpose, string text) =>
        _keys is [byte[] first, ..] ? Sign(first, purpose, text) : throw new InvalidOperationException("there is no cluster key");

    /// <summary>Whether it is the signature of the text by any of the keys; compared in constant time.</summary>
    public bool Verifies(string purpose, string text, string? signature)
    {
        if (signature is not { Length: SignatureLength })
        {
            return false;
        }

        bool verified = false;
        Span<char> expected = stackalloc char[SignatureLength];
        foreach (byte[] key in _keys)
        {
            Sign(key, purpose, text, expected);
            verified |= CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(signature.AsSpan()), MemoryMarshal.AsBytes(expected));
        }

        return verified;
    }

    /// <summary>The signature of a text by one key.</summary>
    public static string Sign(byte[] key, string purpose, string text) =>
        string.Create(SignatureLength, (key, purpose, text), static (to, from) => Sign(from.key, from.purpose, from.text, to));

    /// <summary>Raw format of what is signed: the purpose, a line feed, the text.</summary>
    private static void Sign(byte[] key, string purpose, string text, Span<char> to)
    {
        int most = Encoding.UTF8.GetMaxByteCount(purpose.Length + 1 + text.Length);
        Span<byte> message = most <= OnStack ? stackalloc byte[OnStack] : new byte[most];
        int length = Encoding.UTF8.GetBytes(purpose, message);
        message[length++] = (byte)'\n';
        length += Encoding.UTF8.GetBytes(text, message[length..]);
        Span<byte> signature = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, message[..length], signature);
        Base64Url.EncodeToChars(signature, to);
    }

    private static byte[][] Bytes(IEnumerable<string> keys) => [.. keys.Select(Encoding.UTF8.GetBytes)];
}
