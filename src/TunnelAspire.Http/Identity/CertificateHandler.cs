using System.Security.Cryptography.X509Certificates;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace TunnelAspire.Http.Identity;

/// <summary>The scheme of client certificates. The handshake has verified them already (<c>Tls:ClientCa</c>); here they only name the caller.</summary>
internal sealed class CertificateHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "certificate";
    private const string NamePrefix = "cert:";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.Connection.ClientCertificate is not { } certificate)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        string name = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        return Task.FromResult(name.Length == 0
            ? AuthenticateResult.Fail("the client certificate names nobody: it has no common name")
            : AuthenticateResult.Success(new AuthenticationTicket(CallerClaims.Principal(NamePrefix + name, [], SchemeName), SchemeName)));
    }
}
