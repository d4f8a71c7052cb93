using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using TunnelAspire.Protocol.Tls;

namespace TunnelAspire.Http.Tls;

/// <summary>
/// What the server presents to those who connect now. A change is for new connections: those that stand keep what was agreed on,
/// so that no session notices.
/// </summary>
public sealed class TlsIdentity(IOptions<TlsOptions> options)
{
    private sealed record Loaded(TlsFiles Files, SslStreamCertificateContext Presented);

    private Loaded? _current;

    /// <summary>The server's certificate.</summary>
    public X509Certificate2 Certificate => Current.Presented.TargetCertificate;

    /// <summary>Whether clients must present a certificate.</summary>
    public bool RequiresClients => Current.Files.ClientCa is not null;

    private Loaded Current => Volatile.Read(ref _current) ?? throw new InvalidOperationException("the certificate has not been loaded");

    /// <summary>Loads the files. Where they hold what is presented already, nothing happens.</summary>
    /// <returns>Whether something new is presented from now on.</returns>
    /// <exception cref="FormatException">They cannot be used; what was presented before still is.</exception>
    public bool Load()
    {
        TlsFiles files = TlsFiles.Read(options.Value);
        if (files == _current?.Files)
        {
            return false;
        }

        Loaded loaded = new(files, files.Identity.Load());
        _ = files.ClientCa is { } authorities ? PemFile.TrustOnly(authorities) : null;
        Volatile.Write(ref _current, loaded);
        return true;
    }

    /// <summary>Settles what one connection's handshake presents and requires.</summary>
    public void Apply(SslServerAuthenticationOptions handshake)
    {
        Loaded current = Current;
        handshake.ServerCertificateSelectionCallback = null;
        handshake.ServerCertificateContext = current.Presented; // with the chain, and with what a handshake can reuse
        handshake.CertificateChainPolicy = current.Files.ClientCa is { } authorities ? PemFile.TrustOnly(authorities) : null;
    }
}
