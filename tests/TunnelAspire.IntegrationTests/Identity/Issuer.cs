using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.IntegrationTests.Identity;

/// <summary>An issuer of JWT of the test's own: its keys, and a small server with its OpenID Connect metadata.</summary>
public sealed class Issuer : IAsyncDisposable
{
    public const string Audience = "tunnel";

    private WebApplication? _server;
    private RSA _key = RSA.Create(2048);
    private int _keys = 1;

    public string Url { get; } = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Loopback.FreePort()}");

    public string Pem => _key.ExportSubjectPublicKeyInfoPem();

    public string KeySet
    {
        get
        {
            RSAParameters key = _key.ExportParameters(includePrivateParameters: false);
            return JsonSerializer.Serialize(new { keys = new[] { new { kty = "RSA", use = "sig", alg = "RS256", kid = KeyId, n = Base64Url.EncodeToString(key.Modulus), e = Base64Url.EncodeToString(key.Exponent) } } });
        }
    }

    private string KeyId => string.Create(CultureInfo.InvariantCulture, $"key-{_keys}");

    public static Dictionary<string, object?> Claims(string issuer) => new()
    {
        ["iss"] = issuer,
        ["aud"] = Audience,
        ["sub"] = "ann",
        ["exp"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 300,
    };

    /// <summary>Serves its metadata from now on.</summary>
    public async Task ServeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _server = builder.Build();
        _server.Urls.Add(Url);
        _server.MapGet("/.well-known/openid-configuration", () => Results.Json(new { issuer = Url, jwks_uri = $"{Url}/keys" }));
        _server.MapGet("/keys", () => Results.Text(KeySet, "application/json"));
        await _server.StartAsync();
    }

    /// <summary>Signs with another key from now on; the former one is published no more.</summary>
    public void Rotate()
    {
        _key.Dispose();
        _key = RSA.Create(2048);
        _keys++;
    }

    /// <summary>A token with the usual claims, but for those that are given; null leaves one out.</summary>
    public string Token(params (string Name, object? Value)[] others)
    {
        Dictionary<string, object?> claims = Claims(Url);
        foreach ((string name, object? value) in others)
        {
            claims[name] = value;
        }

        string text = $"{Part(new { alg = "RS256", typ = "JWT", kid = KeyId })}.{Part(claims.Where(claim => claim.Value is not null).ToDictionary())}";
        return $"{text}.{Base64Url.EncodeToString(_key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    /// <summary>A token with the usual claims, signed with no key, or with the public key as if it were a secret.</summary>
    public string Forged(string algorithm)
    {
        string text = $"{Part(new { alg = algorithm, typ = "JWT", kid = KeyId })}.{Part(Claims(Url))}";
        return algorithm == "none" ? $"{text}." : $"{text}.{Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.ASCII.GetBytes(Pem), Encoding.ASCII.GetBytes(text)))}";
    }

    public async ValueTask DisposeAsync()
    {
        _key.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    private static string Part<T>(T value) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(value));
}
