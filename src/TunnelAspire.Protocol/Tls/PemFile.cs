using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TunnelAspire.Protocol.Tls;

/// <summary>Reads PEM files, and says which one is at fault.</summary>
public static class PemFile
{
    /// <summary>The file's text.</summary>
    /// <exception cref="FormatException">It cannot be read; the message names it.</exception>
    public static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FormatException($"the file '{file}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>A verification that trusts the authorities of <paramref name="pem"/>, and no other.</summary>
    /// <exception cref="FormatException">The text holds no certificate.</exception>
    public static X509ChainPolicy TrustOnly(string pem)
    {
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw new FormatException($"the authorities are not PEM certificates: {e.Message}", e);
        }

        return policy.CustomTrustStore.Count > 0 ? policy : throw new FormatException("the authorities' file holds no PEM certificate");
    }
}
