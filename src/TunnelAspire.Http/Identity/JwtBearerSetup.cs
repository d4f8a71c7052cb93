using System.Text.Json;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using TunnelAspire.Http.Files;

namespace TunnelAspire.Http.Identity;

/// <summary>Sets ASP.NET Core's JWT bearer scheme up as section <c>Identity:Jwt</c> says.</summary>
internal sealed class JwtBearerSetup(IOptions<IdentityOptions> identity, WatchedFiles files) : IPostConfigureOptions<JwtBearerOptions>
{
    private static readonly TimeSpan RefreshPause = TimeSpan.FromSeconds(10);

    // Signatures by the issuer's private key; never by a secret that whoever verifies knows as well.
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    /// <inheritdoc/>
    public void PostConfigure(string? name, JwtBearerOptions options)
    {
        JwtOptions jwt = identity.Value.Jwt;
        options.MapInboundClaims = false;
        options.SaveToken = false;
        options.IncludeErrorDetails = false;
        options.TokenValidationParameters = new TokenValidationParameters
        {
            ValidIssuer = jwt.Issuer,
            ValidAudiences = jwt.Audiences,
            ValidAlgorithms = Algorithms,
            ClockSkew = jwt.ClockSkew,
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            NameClaimType = jwt.NameClaim,
        };
        options.Events = new JwtBearerEvents
        {
            OnTokenValidated = context =>
            {
                Rename(context, jwt);
                return Task.CompletedTask;
            },
        };
        if (jwt.KeysFile.Length > 0)
        {
            WatchedFile<IssuerKeys> keys = files.Watch(jwt.KeysFile, IssuerKeys.Parse);
            options.TokenValidationParameters.IssuerSigningKeyResolver = (_, _, kid, _) => keys.Current.For(kid);
        }
    }

    /// <summary>Where the issuer's keys come from, if not from a file. Before the scheme's own setup, which makes the client for it.</summary>
    public static void UseMetadata(JwtBearerOptions options, JwtOptions jwt)
    {
        if (jwt.KeysFile.Length > 0)
        {
            options.Configuration = new OpenIdConnectConfiguration(); // nothing is asked for
            return;
        }

        options.MetadataAddress = jwt.MetadataUrl;
        options.RequireHttpsMetadata = jwt.MetadataUrl.StartsWith("https:", StringComparison.OrdinalIgnoreCase);
        options.RefreshInterval = RefreshPause; // whoever makes keys up makes us ask no more often
        options.BackchannelTimeout = TimeSpan.FromSeconds(5); // an open waits for it
    }

    /// <summary>What the issuer publishes no more does not count any more: a key may have been taken back for a reason. After the scheme's own setup.</summary>
    public static void ForgetFormerKeys(JwtBearerOptions options)
    {
        if (options.ConfigurationManager is BaseConfigurationManager metadata)
        {
            metadata.UseLastKnownGoodConfiguration = false;
        }
    }

    private static void Rename(TokenValidatedContext context, JwtOptions jwt)
    {
        if (context.SecurityToken is not JsonWebToken token || !token.TryGetPayloadValue(jwt.NameClaim, out string? name) || string.IsNullOrEmpty(name))
        {
            context.Fail($"the token has no claim '{jwt.NameClaim}', which would name the caller");
            return;
        }

        context.Principal = CallerClaims.Principal(jwt.NamePrefix + name, JwtRoles.Of(token, jwt.RolesClaim), JwtBearerDefaults.AuthenticationScheme);
    }
}

/// <summary>Finds a token's roles.</summary>
internal static class JwtRoles
{
    /// <summary>
    /// The claim <c>roles</c>: a list of texts, or one text; of <c>scope</c> and <c>scp</c> the words of the text. The claim
    /// <c>realm_access.roles</c>, where there is none of that name: the member <c>roles</c> of the claim <c>realm_access</c>.
    /// </summary>
    public static IReadOnlyList<string> Of(JsonWebToken token, string claim)
    {
        if (token.TryGetPayloadValue(claim, out JsonElement found))
        {
            return Texts(found, split: claim is "scope" or "scp");
        }

        string[] path = claim.Split('.');
        if (path.Length < 2 || !token.TryGetPayloadValue(path[0], out found))
        {
            return [];
        }

        foreach (string member in path.Skip(1))
        {
            if (found.ValueKind != JsonValueKind.Object || !found.TryGetProperty(member, out found))
            {
                return [];
            }
        }

        return Texts(found, split: false);
    }

    private static string[] Texts(JsonElement value, bool split) => value.ValueKind switch
    {
        JsonValueKind.String when split => value.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array => [.. value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)],
        _ => [],
    };
}
