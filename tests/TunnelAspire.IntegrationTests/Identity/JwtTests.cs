using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Identity;

/// <summary>JWT of an issuer whose keys come from a file, or by OpenID Connect metadata.</summary>
public sealed class JwtTests : IDisposable
{
    private static readonly string[] Dba = ["dba"];
    private static readonly string[] OpsAndDba = ["ops", "dba"];

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("pem")]
    [InlineData("jwks")]
    public async Task Token_ByAKeyOfTheFile_Counts_AndTheFileIsReadAgain(string format)
    {
        await using Issuer issuer = new();
        string KeysNow() => format == "pem" ? issuer.Pem : issuer.KeySet;
        string keys = _scratch.Write("keys", KeysNow());
        await using Entrance entrance = await Entrance.StartAsync(Settings(issuer, ("Identity__Jwt__KeysFile", keys)));
        Assert.StartsWith("201 ", await entrance.OpenAsync(issuer.Token()), StringComparison.Ordinal);

        string former = issuer.Token();
        issuer.Rotate();
        Assert.Equal("401 the token's signature is by none of the issuer's keys", await entrance.OpenAsync(issuer.Token()));
        _scratch.Write("keys", KeysNow());
        await entrance.Server.LineAsync("has changed, and is in force");
        Assert.StartsWith("201 ", await entrance.OpenAsync(issuer.Token()), StringComparison.Ordinal);
        Assert.StartsWith("401 ", await entrance.OpenAsync(former), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_ThatDoesNotCount_IsRefused_WithTheReason()
    {
        await using Issuer issuer = new();
        await using Issuer other = new();
        await using Entrance entrance = await Entrance.StartAsync(Settings(issuer, ("Identity__Jwt__KeysFile", _scratch.Write("keys", issuer.Pem))));
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        (string Token, string Reason)[] refused =
        [
            (issuer.Token(("aud", "other")), "the token is for another audience"),
            (issuer.Token(("aud", null)), "the token is for another audience"),
            (issuer.Token(("iss", other.Url)), "the token comes from another issuer"),
            (issuer.Token(("exp", now - 60)), "the token has expired at "),
            (issuer.Token(("exp", null)), "the token has no time at which it expires"),
            (issuer.Token(("nbf", now + 600), ("exp", now + 1200)), "the token is not valid yet"),
            (issuer.Token(("sub", null)), "the token has no claim 'sub', which would name the caller"),
            (issuer.Token(("sub", new string('x', 300))), "the caller's name has more than 256 characters"),
            (issuer.Token(("roles", Enumerable.Range(0, 101).Select(role => $"r{role}").ToArray())), "the caller has more than 100 roles"),
            (issuer.Forged("none"), "the token"),
            (issuer.Forged("HS256"), "the token"),
            (issuer.Token()[..^5], "the token's signature"),
            (other.Token(("iss", issuer.Url)), "the token's signature is by none of the issuer's keys"),
            ("a.b.c", "the token is no JWT that can be read"),
            ("..", "the token is no JWT that can be read"),
            ("tunnel_xyz", "the token is no JWT that can be read"),
        ];

        foreach ((string token, string reason) in refused)
        {
            Assert.StartsWith($"401 {reason}", await entrance.OpenAsync(token), StringComparison.Ordinal);
        }

        Assert.StartsWith("201 ", await entrance.OpenAsync(issuer.Token(("aud", new[] { "x", Issuer.Audience }))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Issuer_ByItsMetadata_MayChangeItsKeys()
    {
        await using Issuer issuer = new();
        await issuer.ServeAsync();
        await using Entrance entrance = await Entrance.StartAsync(Settings(issuer));
        Assert.StartsWith("201 ", await entrance.OpenAsync(issuer.Token()), StringComparison.Ordinal);

        string former = issuer.Token();
        issuer.Rotate();

        await Waiting.UntilAsync(
            async () => (await entrance.OpenAsync(issuer.Token())).StartsWith("201 ", StringComparison.Ordinal), "the new key is fetched", TimeSpan.FromSeconds(30));
        Assert.StartsWith("401 ", await entrance.OpenAsync(former), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Issuer_OutOfReach_MeansThatItIsTriedAgain()
    {
        await using Issuer issuer = new();
        await using Entrance entrance = await Entrance.StartAsync(Settings(issuer));
        Assert.Equal("503 the issuer's keys cannot be had now; try again", await entrance.OpenAsync(issuer.Token()));

        await issuer.ServeAsync();

        await Waiting.UntilAsync(
            async () => (await entrance.OpenAsync(issuer.Token())).StartsWith("201 ", StringComparison.Ordinal), "the keys are fetched once the issuer is there", TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Token_NamesTheCallerAndItsRoles_AsConfigured()
    {
        await using Issuer issuer = new();
        string policy = _scratch.Write("policy.json", """{ "rules": [ { "name": "dba", "roles": [ "dba" ], "allow": [ "127.0.0.1:*" ] }, { "name": "eve", "callers": [ "oidc:eve" ], "allow": [ "127.0.0.1:*" ] } ] }""");
        await using Entrance entrance = await Entrance.StartAsync(Settings(
            issuer, ("Identity__Jwt__KeysFile", _scratch.Write("keys", issuer.Pem)), ("Identity__Jwt__NameClaim", "preferred_username"),
            ("Identity__Jwt__NamePrefix", "oidc:"), ("Identity__Jwt__RolesClaim", "realm_access.roles"), ("Connector__Policy", policy)));

        string ann = issuer.Token(("preferred_username", "ann"), ("realm_access", new { roles = OpsAndDba }));
        Assert.StartsWith("201 ", await entrance.OpenAsync(ann), StringComparison.Ordinal);
        Assert.StartsWith("201 ", await entrance.OpenAsync(issuer.Token(("preferred_username", "eve"))), StringComparison.Ordinal);
        Assert.StartsWith("401 the caller's name is 'anonymous'", await AnonymousAsync(issuer), StringComparison.Ordinal);
        Assert.StartsWith("403 ", await entrance.OpenAsync(issuer.Token(("preferred_username", "bob"), ("roles", Dba))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_OfBothKinds_CountSideBySide()
    {
        await using Issuer issuer = new();
        string[] made = await StrangerTests.FreshAsync("ann");
        await using Entrance entrance = await Entrance.StartAsync(Settings(
            issuer, ("Identity__Jwt__KeysFile", _scratch.Write("keys", issuer.KeySet)), ("Identity__Tokens__0", made[1])));

        Assert.StartsWith("201 ", await entrance.OpenAsync(issuer.Token()), StringComparison.Ordinal);
        Assert.StartsWith("201 ", await entrance.OpenAsync(made[0]), StringComparison.Ordinal);
        Assert.Equal("401 the token is not one that is known here", await entrance.OpenAsync("x"));
    }

    /// <summary>What becomes of a caller whose issuer names him as nobody is named.</summary>
    private async Task<string> AnonymousAsync(Issuer issuer)
    {
        await using Entrance entrance = await Entrance.StartAsync(Settings(
            issuer, ("Identity__Jwt__KeysFile", _scratch.Write("keys", issuer.Pem)), ("Identity__Jwt__NamePrefix", "")));
        return await entrance.OpenAsync(issuer.Token(("sub", "anonymous")));
    }

    private static Dictionary<string, string> Settings(Issuer issuer, params (string Name, string Value)[] others)
    {
        Dictionary<string, string> settings = new()
        {
            ["Identity__Jwt__Issuer"] = issuer.Url,
            ["Identity__Jwt__Audiences__0"] = Issuer.Audience,
        };
        foreach ((string name, string value) in others)
        {
            settings[name] = value;
        }

        return settings;
    }
}
