using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Packaging;

/// <summary>The agent as a .NET tool: packed, installed from the folder with the package, run.</summary>
public sealed class ToolTests
{
    [Fact]
    public async Task Tool_PackedAndInstalled_Runs()
    {
        using Scratch scratch = new();
        string packages = Directory.CreateDirectory(scratch.File("packages")).FullName;
        await ChildProcess.RunAsync(
            "dotnet", "pack", Path.Combine(Installed.Root, "src", "TunnelAspire.Agent"), "-c", "Release", "--artifacts-path", scratch.File("build"), "-o", packages, "-nodeReuse:false");
        await ChildProcess.RunAsync("dotnet", "tool", "install", "TunnelAspire.Tunnel", "--source", packages, "--tool-path", scratch.File("tools"));

        Assert.Contains("tunnel connect https://tunnel.example", await ChildProcess.RunAsync(scratch.File("tools/tunnel"), "connect", "--help"), StringComparison.Ordinal);
    }
}
