using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TunnelAspire.Protocol.Tls;

/// <summary>The texts of two PEM files: a certificate, followed by those between it and its root, and its private key without a password.</summary>
/// <param name="Certificate">The certificate, and its chain where there is one.</param>
/// <param name="Key">The private key.</param>
public sealed record PemIdentity(string Certificate, string Key)
{
    /// <summary>Reads both files.</summary>
    /// <exception cref="FormatException">One cannot be read; the message names it.</exception>
    public static PemIdentity Read(string certificateFile, string keyFile) => new(PemFile.Read(certificateFile), PemFile.Read(keyFile));

    /// <summary>The certificate with its key and its chain, as TLS presents it.</summary>
    /// <exception cref="FormatException">The texts are no PEM, or the key is not the certificate's.</exception>
    public SslStreamCertificateContext Load()
    {
        try
        {
            using X509Certificate2 own = X509Certificate2.CreateFromPem(Certificate, Key);
            X509Certificate2Collection chain = [];
            chain.ImportFromPem(Certificate);
            return SslStreamCertificateContext.Create(Presentable(own), chain, offline: true);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new FormatException($"the certificate and the key do not fit, or are not PEM without a password: {e.Message}", e);
        }
    }

    /// <summary>Windows' TLS takes no key that is only in memory; it takes one that went through a store's format.</summary>
    private static X509Certificate2 Presentable(X509Certificate2 own) =>
        OperatingSystem.IsWindows() ? X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pfx), null) : new X509Certificate2(own);
}
