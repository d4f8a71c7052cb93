using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using TunnelAspire.Protocol.Tls;

namespace TunnelAspire.Tests.Protocol.Tls;

public sealed class PemIdentityTests
{
    private readonly PemIdentity _one = New("CN=one");
    private readonly PemIdentity _other = New("CN=other");

    [Fact]
    public void Load_OfACertificateAndItsKey_HasBoth()
    {
        SslStreamCertificateContext context = _one.Load();

        Assert.Equal("CN=one", context.TargetCertificate.Subject);
        Assert.True(context.TargetCertificate.HasPrivateKey);
    }

    [Fact]
    public void Load_OfAnotherKey_IsRefused() =>
        Assert.StartsWith("the certificate and the key do not fit", Assert.Throws<FormatException>((_one with { Key = _other.Key }).Load).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----")]
    public void Load_OfWhatIsNoPem_IsRefused(string text)
    {
        Assert.Throws<FormatException>((_one with { Certificate = text }).Load);
        Assert.Throws<FormatException>((_one with { Key = text }).Load);
        Assert.Throws<FormatException>(() => PemFile.TrustOnly(text));
    }

    [Fact]
    public void Read_OfAFileThatIsMissing_NamesIt()
    {
        string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

        Assert.StartsWith($"the file '{file}' cannot be read: ", Assert.Throws<FormatException>(() => PemFile.Read(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TrustOnly_TheAuthoritiesOfAFile_TrustsThem_AndNoOther()
    {
        using X509Chain chain = new() { ChainPolicy = PemFile.TrustOnly(_one.Certificate) };

        Assert.True(chain.Build(X509Certificate2.CreateFromPem(_one.Certificate)));
        Assert.False(chain.Build(X509Certificate2.CreateFromPem(_other.Certificate)));
    }

    private static PemIdentity New(string subject)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return new PemIdentity(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
