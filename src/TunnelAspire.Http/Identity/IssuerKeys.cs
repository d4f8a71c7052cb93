using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.IdentityModel.Tokens;

namespace TunnelAspire.Http.Identity;

/// <summary>An issuer's public keys, from a file: a JSON Web Key Set, or PEM with public keys or certificates.</summary>
internal sealed class IssuerKeys
{
    private readonly SecurityKey[] _keys;

    private IssuerKeys(SecurityKey[] keys) => _keys = keys;

    /// <summary>Reads them.</summary>
    /// <exception cref="FormatException">It holds no key, or something that is none.</exception>
    public static IssuerKeys Parse(string text)
    {
        try
        {
            SecurityKey[] keys = [.. (text.TrimStart().StartsWith('{') ? new JsonWebKeySet(text).GetSigningKeys() : ReadPem(text)).Where(key => key is not SymmetricSecurityKey)];
            return keys.Length > 0 ? new IssuerKeys(keys) : throw new FormatException("it holds no public key");
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException or InvalidOperationException)
        {
            throw new FormatException("it is neither a JSON Web Key Set nor PEM with public keys", e);
        }
    }

    /// <summary>The keys that may have signed a token: the one that it names, or, where none has that name, all.</summary>
    public IEnumerable<SecurityKey> For(string? kid) => Array.FindAll(_keys, key => key.KeyId == kid) is { Length: > 0 } named ? named : _keys;

    private static IEnumerable<SecurityKey> ReadPem(string text)
    {
        ReadOnlyMemory<char> rest = text.AsMemory();
        while (PemEncoding.TryFind(rest.Span, out PemFields fields))
        {
            string pem = rest[fields.Location].ToString();
            rest = rest[fields.Location.End..];
            yield return pem.Contains("CERTIFICATE", StringComparison.Ordinal) ? new X509SecurityKey(X509Certificate2.CreateFromPem(pem)) : ReadPublicKey(pem);
        }
    }

    private static AsymmetricSecurityKey ReadPublicKey(string pem)
    {
        if (pem.Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            throw new CryptographicException("a private key"); // it has no business here
        }

        RSA rsa = RSA.Create();
        try
        {
            rsa.ImportFromPem(pem);
            return new RsaSecurityKey(rsa);
        }
        catch (CryptographicException)
        {
            rsa.Dispose(); // then it is one of an elliptic curve
            ECDsa curve = ECDsa.Create();
            curve.ImportFromPem(pem);
            return new ECDsaSecurityKey(curve);
        }
    }
}
