namespace TunnelAspire.Http.Identity;

/// <summary>Configuration section <c>Identity</c>: who may open sessions.</summary>
public sealed class IdentityOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Identity";

    /// <summary>Whoever shows no identity is let in too, as <c>anonymous</c>. Default: only where none is configured, and then from this machine only.</summary>
    public bool Open { get; set; }

    /// <summary>File with static tokens, one a line; see <see cref="StaticTokens"/>. Read again when it changes.</summary>
    public string TokensFile { get; set; } = "";

    /// <summary>Static tokens, each one or several lines as in the file, with semicolons or line feeds between.</summary>
    public IList<string> Tokens { get; set; } = [];

    /// <summary>JWT bearer tokens of one issuer.</summary>
    public JwtOptions Jwt { get; set; } = new();

    /// <summary>Whether a client certificate (<c>Tls:ClientCa</c>) is enough of an identity; the caller is then <c>cert:</c> and its common name. Default true.</summary>
    public bool Certificates { get; set; } = true;

    /// <summary>Whether there are static tokens.</summary>
    public bool HasTokens => TokensFile.Length > 0 || Tokens.Count > 0;
}

/// <summary>Configuration section <c>Identity:Jwt</c>: whose tokens count, and what they say.</summary>
public sealed class JwtOptions
{
    /// <summary>What the claim <c>iss</c> must be. Empty: no JWT counts.</summary>
    public string Issuer { get; set; } = "";

    /// <summary>What the claim <c>aud</c> must name, at least one of these.</summary>
    public IList<string> Audiences { get; set; } = [];

    /// <summary>URL of the issuer's OpenID Connect metadata, which leads to its keys. Default: the issuer's, <c>/.well-known/openid-configuration</c>.</summary>
    public string Metadata { get; set; } = "";

    /// <summary>File with the issuer's public keys, as a JSON Web Key Set or PEM, instead of metadata. Read again when it changes.</summary>
    public string KeysFile { get; set; } = "";

    /// <summary>The claim with the caller's name. Default <c>sub</c>.</summary>
    public string NameClaim { get; set; } = "sub";

    /// <summary>Stands before the name, so that no issuer can name its callers like those of static tokens. Default <c>jwt:</c>.</summary>
    public string NamePrefix { get; set; } = "jwt:";

    /// <summary>The claim with the roles: a list, or one text; <c>a.b</c> also finds a claim within a claim. Default <c>roles</c>.</summary>
    public string RolesClaim { get; set; } = "roles";

    /// <summary>How far clocks may be apart. Default 30 s, 0 to 10 min.</summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether JWT count.</summary>
    public bool IsSet => Issuer.Length > 0;

    /// <summary>What is wrong with the section, or null.</summary>
    public string? Fault => this switch
    {
        { IsSet: false } when Audiences.Count > 0 || Metadata.Length + KeysFile.Length > 0 => "Identity:Jwt:Issuer is missing",
        { IsSet: false } => null,
        { Audiences.Count: 0 } => "Identity:Jwt:Audiences is missing: which audience the tokens must name (Identity__Jwt__Audiences__0)",
        { Metadata.Length: > 0, KeysFile.Length: > 0 } => "Identity:Jwt:Metadata and Identity:Jwt:KeysFile exclude each other",
        { KeysFile.Length: 0 } when !IsFit(MetadataUrl) => $"'{MetadataUrl}' is no https:// URL of metadata (http:// will do on this machine only): set Identity:Jwt:Metadata or Identity:Jwt:KeysFile",
        { NameClaim.Length: 0 } => "Identity:Jwt:NameClaim is empty",
        { ClockSkew: var skew } when skew < TimeSpan.Zero || skew > TimeSpan.FromMinutes(10) => "Identity:Jwt:ClockSkew is 0 to 10 minutes",
        _ => null,
    };

    /// <summary>Where the issuer's metadata is.</summary>
    public string MetadataUrl => Metadata.Length > 0 ? Metadata : $"{Issuer.TrimEnd('/')}/.well-known/openid-configuration";

    private static bool IsFit(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out Uri? parsed) && (parsed.Scheme == Uri.UriSchemeHttps || (parsed.Scheme == Uri.UriSchemeHttp && parsed.IsLoopback));
}
