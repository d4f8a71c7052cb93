using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;
using TunnelAspire.Http.Tls;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Http.Identity;

/// <summary>Finds out who asks. Asked at the open of a session, and at path probes; later requests prove themselves by the session's own token.</summary>
public sealed class Callers(IOptions<IdentityOptions> options, IOptions<TlsOptions> tls, IOptionsMonitor<JwtBearerOptions> jwt)
{
    private const int LongestName = 256;
    private const int MostRoles = 100;

    private readonly IdentityOptions _options = options.Value;
    private readonly bool _certificates = options.Value.Certificates && tls.Value.ClientCa.Length > 0;

    /// <summary>Whether anything is configured by which callers could prove who they are.</summary>
    public bool Known => _options.HasTokens || _options.Jwt.IsSet || _certificates;

    /// <summary>Whether whoever shows no identity is let in.</summary>
    public bool Open => _options.Open || !Known;

    /// <summary>
    /// Keeps the framework's middleware out, which would look for an identity at each request, with services made for that request alone:
    /// whoever needs to know the caller asks here. This is the mark by which the framework knows that it need not add it.
    /// </summary>
    internal static void AskOnlyWhereNeeded(IApplicationBuilder app) => app.Properties["__AuthenticationMiddlewareSet"] = true;

    /// <summary>Establishes the request's caller.</summary>
    /// <exception cref="TunnelException"><see cref="TunnelError.Unauthenticated"/>; <see cref="TunnelError.IdentityUnavailable"/>: it cannot be found out now.</exception>
    public async Task RequireAsync(HttpContext context)
    {
        AuthenticateResult result = Scheme(context) is { } scheme ? await context.AuthenticateAsync(scheme) : AuthenticateResult.NoResult();
        if (result.Succeeded)
        {
            Fitting(context, CallerClaims.Read(result.Principal)).Establish(context);
        }
        else if (result.Failure is { } failure)
        {
            throw await IsIssuerAwayAsync(failure, context.RequestAborted)
                ? new TunnelException(TunnelError.IdentityUnavailable, "the issuer's keys cannot be had now; try again", failure)
                : Refused(context, Words(failure), failure);
        }
        else if (!Open)
        {
            throw Refused(context, Missing());
        }
    }

    /// <summary>The scheme that the request asks for: what its bearer token looks like, or else its certificate.</summary>
    private string? Scheme(HttpContext context)
    {
        if (BearerToken.Of(context.Request) is not { } token)
        {
            return _certificates ? CertificateHandler.SchemeName : null;
        }

        bool isJwt = token.AsSpan().Count('.') == 2;
        return _options.Jwt.IsSet && (isJwt || !_options.HasTokens) ? JwtBearerDefaults.AuthenticationScheme
            : _options.HasTokens ? StaticTokenHandler.SchemeName
            : _certificates ? CertificateHandler.SchemeName
            : null;
    }

    private static Caller Fitting(HttpContext context, Caller caller) => caller switch
    {
        { Name: var name } when name == Caller.Anonymous.Name => throw Refused(context, $"the caller's name is '{name}', which is nobody's"),
        { Name.Length: > LongestName } => throw Refused(context, $"the caller's name has more than {LongestName} characters"),
        { Roles.Count: > MostRoles } => throw Refused(context, $"the caller has more than {MostRoles} roles"),
        _ when caller.Roles.Any(role => role.Length > LongestName) => throw Refused(context, $"one of the caller's roles has more than {LongestName} characters"),
        _ => caller,
    };

    private static TunnelException Refused(HttpContext context, string why, Exception? cause = null)
    {
        context.Response.Headers.WWWAuthenticate = cause is null ? "Bearer" : "Bearer error=\"invalid_token\"";
        return new TunnelException(TunnelError.Unauthenticated, why, cause);
    }

    private string Missing() => _options.HasTokens || _options.Jwt.IsSet
        ? "a token is needed here (Authorization: Bearer …)"
        : "a client certificate is needed here, on an https:// address";

    /// <summary>Without a single look at the issuer's metadata nothing can be said about its tokens.</summary>
    private async Task<bool> IsIssuerAwayAsync(Exception failure, CancellationToken cancellationToken)
    {
        if (failure is not (SecurityTokenSignatureKeyNotFoundException or SecurityTokenInvalidIssuerException or InvalidOperationException) ||
            jwt.Get(JwtBearerDefaults.AuthenticationScheme).ConfigurationManager is not { } metadata)
        {
            return false;
        }

        try
        {
            await metadata.GetConfigurationAsync(cancellationToken);
            return false;
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or HttpRequestException)
        {
            return true;
        }
    }

    private static string Words(Exception failure) => failure switch
    {
        SecurityTokenExpiredException { Expires: var end } => $"the token has expired at {end:u}",
        SecurityTokenNotYetValidException => "the token is not valid yet",
        SecurityTokenNoExpirationException => "the token has no time at which it expires",
        SecurityTokenInvalidAudienceException => "the token is for another audience",
        SecurityTokenInvalidIssuerException => "the token comes from another issuer",
        SecurityTokenInvalidAlgorithmException => "the token is signed in a way that does not count here",
        SecurityTokenSignatureKeyNotFoundException or SecurityTokenInvalidSignatureException => "the token's signature is by none of the issuer's keys",
        SecurityTokenException or ArgumentException => "the token is no JWT that can be read",
        AuthenticationFailureException => failure.Message,
        _ => "the token does not count here",
    };
}
