using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.IntegrationTests.Packaging;

/// <summary>A registry on this machine with one image, which stands for .NET's base image: one folder, no program.</summary>
public sealed class BaseImage : IAsyncDisposable
{
    private const string ManifestType = "application/vnd.docker.distribution.manifest.v2+json";

    private readonly int _port = Loopback.FreePort();
    private readonly WebApplication _registry;

    private BaseImage()
    {
        byte[] tar = Folder();
        byte[] layer = Zipped(tar);
        byte[] config = JsonSerializer.SerializeToUtf8Bytes(new
        {
            architecture = "amd64",
            os = "linux",
            config = new { },
            rootfs = new { type = "layers", diff_ids = new[] { Digest(tar) } },
            history = new[] { new { created = "2026-01-01T00:00:00Z" } },
        });
        byte[] manifest = JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            mediaType = ManifestType,
            config = new { mediaType = "application/vnd.docker.container.image.v1+json", size = config.Length, digest = Digest(config) },
            layers = new[] { new { mediaType = "application/vnd.docker.image.rootfs.diff.tar.gzip", size = layer.Length, digest = Digest(layer) } },
        });

        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _registry = builder.Build();
        _registry.Urls.Add($"http://localhost:{_port}");
        _registry.MapGet("/v2/base/manifests/{tag}", (HttpContext context) =>
        {
            context.Response.Headers["Docker-Content-Digest"] = Digest(manifest);
            return Results.Bytes(manifest, ManifestType);
        });
        _registry.MapGet("/v2/base/blobs/{digest}", (string digest) => Results.Bytes(digest == Digest(config) ? config : layer));
    }

    /// <summary>Its name, for <c>ContainerBaseImage</c>.</summary>
    public string Name => $"localhost:{_port}/base:1";

    public static async Task<BaseImage> ServeAsync()
    {
        BaseImage image = new();
        await image._registry.StartAsync();
        return image;
    }

    public ValueTask DisposeAsync() => _registry.DisposeAsync();

    private static byte[] Folder()
    {
        MemoryStream bytes = new();
        using (TarWriter tar = new(bytes, leaveOpen: true))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "etc/"));
        }

        return bytes.ToArray();
    }

    private static byte[] Zipped(byte[] content)
    {
        MemoryStream bytes = new();
        using (GZipStream zip = new(bytes, CompressionLevel.Fastest))
        {
            zip.Write(content);
        }

        return bytes.ToArray();
    }

    private static string Digest(byte[] content) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}";
}
