using System.Buffers.Text;
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
        bool verified = false;
        foreach (byte[] key in signature is { Length: SignatureLength } ? _keys : [])
        {
            verified |= CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(signature!), Encoding.UTF8.GetBytes(Sign(key, purpose, text)));
        }

        return verified;
    }

    /// <summary>The signature of a text by one key.</summary>
    public static string Sign(ReadOnlySpan<byte> key, string purpose, string text)
    {
        Span<byte> signature = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{purpose}\n{text}"), signature);
        return Base64Url.EncodeToString(signature);
    }

    private static byte[][] Bytes(IEnumerable<string> keys) => [.. keys.Select(Encoding.UTF8.GetBytes)];
}
