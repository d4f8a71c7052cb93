using System.Net.Security;
using TunnelAspire.Protocol.Tls;

namespace TunnelAspire.Agent.Http;

/// <summary>How the server proves who it is, and the agent who it is. Nothing makes a certificate count that its authorities do not vouch for.</summary>
public sealed class ServerTls
{
    private volatile bool _missed;

    /// <summary>Reads what the options say.</summary>
    /// <exception cref="FormatException">A file cannot be used; the message says which, or what is wrong.</exception>
    public ServerTls(AgentOptions options)
    {
        if (options.Ca.Length > 0)
        {
            Options.CertificateChainPolicy = PemFile.TrustOnly(PemFile.Read(options.Ca));
        }

        if (options.Certificate.Length > 0)
        {
            Options.ClientCertificateContext = PemIdentity.Read(options.Certificate, options.Key).Load();
        }
        else
        {
            // Called before the server has said anything, and once more if it asks for a certificate.
            Options.LocalCertificateSelectionCallback = (_, _, _, remote, _) =>
            {
                _missed |= remote is not null;
                return null!;
            };
        }
    }

    /// <summary>What connections are made with.</summary>
    public SslClientAuthenticationOptions Options { get; } = new();

    /// <summary>Whether the server has asked for a certificate, and there was none to present. In TLS 1.3 it then cuts the connection, and says no more.</summary>
    public bool CertificateMissed => _missed;
}
