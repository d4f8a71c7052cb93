using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Packaging;

/// <summary>The images that the SDK makes of the services: whole ones, but for what lies below, which here is a folder.</summary>
public sealed class ContainerTests
{
    [Theory]
    [InlineData("TunnelAspire.Relay", "relay", "TunnelAspire.Relay", true)]
    [InlineData("TunnelAspire.Connector", "connector", "TunnelAspire.Connector", true)]
    [InlineData("TunnelAspire.Node", "tunneld", "tunneld", true)]
    [InlineData("TunnelAspire.Agent", "tunnel", "tunnel", false)]
    public async Task Image_RunsTheService_AsAUserWithoutRights(string project, string image, string program, bool listens)
    {
        using Scratch scratch = new();
        string folder = Directory.CreateDirectory(scratch.File("image")).FullName;
        await using (BaseImage below = await BaseImage.ServeAsync())
        {
            await ChildProcess.RunAsync(
                "dotnet", "publish", Path.Combine(Installed.Root, "src", project), "-c", Installed.Configuration, "--no-build", "-t:PublishContainer", $"-p:ContainerBaseImage={below.Name}",
                $"-p:PublishDir={scratch.File("published")}/", $"-p:ContainerArchiveOutputPath={scratch.File("image.tar")}", "-nodeReuse:false");
        }

        await TarFile.ExtractToDirectoryAsync(scratch.File("image.tar"), folder, overwriteFiles: false);
        using JsonDocument manifest = Read(folder, "manifest.json");
        using JsonDocument document = Read(folder, manifest.RootElement[0].GetProperty("Config").GetString()!);
        JsonElement config = document.RootElement.GetProperty("config");

        Assert.Equal($"tunnelaspire/{image}:latest", manifest.RootElement[0].GetProperty("RepoTags")[0].GetString());
        Assert.Equal("1654", config.GetProperty("User").GetString());
        Assert.Equal(["dotnet", $"/app/{program}.dll"], config.GetProperty("Entrypoint").EnumerateArray().Select(word => word.GetString()));
        Assert.Equal(listens, config.TryGetProperty("ExposedPorts", out JsonElement ports) && ports.TryGetProperty("8080/tcp", out _));
        Assert.Contains($"app/{program}.dll", await FilesAsync(Path.Combine(folder, manifest.RootElement[0].GetProperty("Layers")[1].GetString()!)));
    }

    private static JsonDocument Read(string folder, string file) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, file)));

    private static async Task<List<string>> FilesAsync(string layer)
    {
        await using GZipStream unzipped = new(File.OpenRead(layer), CompressionMode.Decompress);
        await using TarReader tar = new(unzipped);
        List<string> files = [];
        while (await tar.GetNextEntryAsync() is { } entry)
        {
            files.Add(entry.Name);
        }

        return files;
    }
}
