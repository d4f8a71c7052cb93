using System.Text.RegularExpressions;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Documents;

/// <summary>The session that docs/protocol.md drives by hand, replayed with real curl.</summary>
public sealed partial class CurlSessionTests
{
    [Fact]
    public async Task SessionByHand_ReplayedAsDocumented_Works()
    {
        await using Tunnel tunnel = await Tunnel.StartAsync();
        using Scratch scratch = new();
        string page = await File.ReadAllTextAsync(Path.Combine(Installed.Root, "docs", "protocol.md"));
        string[] blocks = [.. Block().Matches(page).Select(match => match.Groups["commands"].Value)];
        Assert.NotEmpty(blocks);

        string script = scratch.Write("session.sh", $"set -euo pipefail\ncd '{scratch.Folder}'\n{string.Join('\n', blocks)}");
        await using ChildProcess bash = ChildProcess.Start("bash", [script], new Dictionary<string, string>
        {
            ["SERVER"] = tunnel.Server,
            ["TARGET"] = $"127.0.0.1:{tunnel.RedisPort}",
        });
        Assert.True(await bash.ExitAsync(TimeSpan.FromMinutes(2)) == 0, bash.Output);
        Assert.Contains("+PONG", bash.Output, StringComparison.Ordinal);
        await tunnel.Connectors[0].LineAsync("ended: Closed; 14 bytes up, 7 down");
    }

    /// <summary>Raw format: a fenced block whose info string is <c>bash session</c>.</summary>
    [GeneratedRegex(@"^```bash session\n(?<commands>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
