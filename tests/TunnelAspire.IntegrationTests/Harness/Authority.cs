using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TunnelAspire.IntegrationTests.Harness;

/// <summary>A certificate authority of the test's own.</summary>
public sealed class Authority : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private static readonly TimeSpan Life = TimeSpan.FromDays(2);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    public Authority(string name)
    {
        CertificateRequest request = new($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        _certificate = request.CreateSelfSigned(now - Life, now + Life);
    }

    /// <summary>The authority's certificate.</summary>
    public string Pem => _certificate.ExportCertificatePem();

    /// <summary>A server's certificate for a name, or for an address.</summary>
    public Issued ForServer(string name) => Issue(name, ServerAuthentication);

    public Issued ForClient(string name) => Issue(name, ClientAuthentication);

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }

    private Issued Issue(string name, string use)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        if (IPAddress.TryParse(name, out IPAddress? address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], critical: false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 issued = request.Create(_certificate, now - (Life / 2), now + (Life / 2), RandomNumberGenerator.GetBytes(12));
        return new Issued(issued.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}

/// <summary>A certificate and its key, as PEM.</summary>
public sealed record Issued(string Certificate, string Key);
