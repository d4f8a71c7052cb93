using System.Net.Sockets;
using TunnelAspire.IntegrationTests.Harness;
using TunnelAspire.IntegrationTests.Programs;
using Xunit;

namespace TunnelAspire.IntegrationTests.AgentProgram;

/// <summary>What a person sees at a terminal while the agent runs, and after it.</summary>
[Collection(Programs.Programs.Name)]
public sealed class LiveViewTests(SharedTunnel shared)
{
    private const string LongName = "a-database-with-a-long-name.in-some-department.of-a-large-company.example";

    [Theory]
    [InlineData(80, 24)]
    [InlineData(160, 40)]
    public async Task Terminal_ShowsWhatTheAgentDoes_InLinesThatFit(int columns, int lines)
    {
        using Socket target = Loopback.Listen(out int targetPort);
        int port = Loopback.FreePort();
        string forwards = string.Concat(Enumerable.Range(0, 30).Select(i => $" -L 0:{i}.{LongName}:5432"));
        await using Terminal terminal = await Terminal.StartAsync(columns, lines, Connect($"-L {port}:127.0.0.1:{targetPort} -D 0{forwards}"), Environment);
        await terminal.ScreenAsync("Ctrl+C stops");
        (Socket client, Socket server) = await Loopback.ConnectThroughAsync(port, target);

        string[] screen = await terminal.ScreenAsync($"{client.LocalEndPoint}");

        Assert.StartsWith("tunnel ", screen[0], StringComparison.Ordinal);
        Assert.Contains(shared.Tunnel.Server, screen[0], StringComparison.Ordinal);
        Assert.Contains(screen, line => line.StartsWith("Sessions  1 open   1 opened   0 failed", StringComparison.Ordinal));
        Assert.Contains(screen, line => line.StartsWith($"127.0.0.1:{port} ", StringComparison.Ordinal) && line.Contains($"127.0.0.1:{targetPort}", StringComparison.Ordinal));
        Assert.Matches(@"and \d+ more forwards", string.Join('\n', screen));
        Assert.Equal("Ctrl+C stops", screen[lines - 1]); // nothing has wrapped, or the screen would have moved
        Assert.Equal(1, screen.Count(line => line.StartsWith("LISTENS ON", StringComparison.Ordinal)));
        Assert.All(screen, line => Assert.True(line.Length < columns, $"{line.Length} columns: '{line}'"));
        client.Dispose();
        server.Dispose();
    }

    [Fact]
    public async Task Terminal_ThatIsResized_IsFilledAnew_AndLeftCleanByCtrlC()
    {
        await using Terminal terminal = await Terminal.StartAsync(80, 24, $"echo before; {Connect("-D 0")}", Environment);
        await terminal.ScreenAsync("Ctrl+C stops");
        await terminal.ResizeAsync(110, 30);
        await Waiting.UntilAsync(async () => (await terminal.ScreenAsync())[29] == "Ctrl+C stops", "the last line is the footer");
        await terminal.ResizeAsync(60, 15);
        await Waiting.UntilAsync(async () => (await terminal.ScreenAsync())[14] == "Ctrl+C stops", "the last line is the footer");

        await terminal.PressAsync("C-c");
        string[] screen = await terminal.ScreenAsync("exit code 0");

        Assert.Equal(("0", "1"), (await terminal.ValueAsync("alternate_on"), await terminal.ValueAsync("cursor_flag")));
        Assert.Equal("before", screen[0]);
        Assert.StartsWith("tunnel: stopped after ", screen[1], StringComparison.Ordinal);
        Assert.DoesNotContain(screen, line => line.Contains("Ctrl+C stops", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Terminal_WhoseKeysArePressed_ShowsNothingOfIt_AndLeavesNothingOfItToTheShell()
    {
        await using Terminal terminal = await Terminal.StartAsync(80, 24, $"{Connect("-D 0")}; read -r -t 1 typed; echo \"typed: '$typed'\"", Environment);
        await terminal.ScreenAsync("Ctrl+C stops");
        string tty = (await terminal.ValueAsync("pane_tty")).Trim();
        Assert.Contains(" -echo ", await ChildProcess.RunAsync("stty", "-F", tty, "-a"), StringComparison.Ordinal);
        await terminal.PressAsync("nonsense");
        await terminal.PressAsync("Enter");

        await terminal.PressAsync("C-c");

        Assert.DoesNotContain(await terminal.ScreenAsync("typed: ''"), line => line.Contains("nonsense", StringComparison.Ordinal));
        Assert.Contains(" echo ", await ChildProcess.RunAsync("stty", "-F", tty, "-a"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--log text")]
    [InlineData("-v")]
    [InlineData("2>/dev/null")]
    public async Task Terminal_WhereLinesAreWanted_GetsLines(string how)
    {
        await using Terminal terminal = await Terminal.StartAsync(160, 24, Connect($"-D 0 {how}"), Environment);

        await terminal.ScreenAsync("SOCKS and HTTP proxy on 127.0.0.1:");

        Assert.Equal("0", await terminal.ValueAsync("alternate_on"));
    }

    private static Dictionary<string, string> Environment => new() { ["Agent__Control"] = "none" };

    private string Connect(string arguments) => $"'{Agent.Program}' connect {shared.Tunnel.Server} {arguments}";
}
