using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace TunnelAspire.Http.Identity;

/// <summary>The scheme of static tokens: <c>Authorization: Bearer tunnel_…</c>.</summary>
internal sealed class StaticTokenHandler(
    KnownTokens known, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "token";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (BearerToken.Of(Request) is not { } presented)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        return Task.FromResult(known.Find(presented) switch
        {
            null => AuthenticateResult.Fail("the token is not one that is known here"),
            { Expires: { } end } token when end <= TimeProvider.GetUtcNow() => AuthenticateResult.Fail($"the token of {token.Name} has expired at {end.UtcDateTime:u}"),
            { } token => AuthenticateResult.Success(new AuthenticationTicket(CallerClaims.Principal(token.Name, token.Roles, SchemeName), SchemeName)),
        });
    }
}

/// <summary>The bearer token of a request.</summary>
internal static class BearerToken
{
    private const string Prefix = "Bearer ";

    /// <summary>What follows <c>Bearer</c>; null where the request has no such header.</summary>
    public static string? Of(Microsoft.AspNetCore.Http.HttpRequest request) =>
        request.Headers.Authorization.ToString() is { } header && header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
            ? header[Prefix.Length..].Trim()
            : null;
}

/// <summary>How a caller's name and roles stand in what the schemes find out.</summary>
internal static class CallerClaims
{
    private const string Name = "name";
    private const string Role = "role";

    public static ClaimsPrincipal Principal(string name, IEnumerable<string> roles, string scheme) =>
        new(new ClaimsIdentity([new Claim(Name, name), .. roles.Select(role => new Claim(Role, role))], scheme, Name, Role));

    public static Caller Read(ClaimsPrincipal principal) =>
        new(principal.FindFirstValue(Name) ?? "", [.. principal.FindAll(Role).Select(claim => claim.Value)]);
}
