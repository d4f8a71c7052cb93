using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.WholeSystem;

/// <summary>The AppHost as a user starts it: one command, everything runs; one signal, nothing is left.</summary>
public sealed partial class AppHostTests
{
    private static readonly TimeSpan UntilReady = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan UntilGone = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData(ChildProcess.SigInt)]
    [InlineData(ChildProcess.SigTerm)]
    public async Task Started_ShowsThePageThroughTheTunnel_AndASignalLeavesNothing(int signal)
    {
        await using ChildProcess host = Start(out int port);
        int[] children = await ReadyAsync(host);
        Assert.Equal(7, children.Length);

        using HttpClient browser = new();
        Assert.Contains("<title>TunnelAspire", await browser.GetStringAsync(Url(port, "/")), StringComparison.Ordinal);
        using JsonDocument path = JsonDocument.Parse(await browser.GetStringAsync(Url(port, "/api/path")));
        JsonElement session = path.RootElement.GetProperty("session");
        Assert.True(path.RootElement.GetProperty("throughTunnel").GetBoolean());
        Assert.StartsWith("connector-", session.GetProperty("connector").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(session.GetProperty("relays").EnumerateArray());

        host.Signal(signal);
        Assert.Equal(0, await host.ExitAsync(UntilGone));
        Assert.DoesNotContain(children, Runs);
    }

    [Fact]
    public async Task RelayKilled_IsStartedAgain_AndADownloadDoesNotNotice()
    {
        await using ChildProcess host = Start(out int port);
        await ReadyAsync(host);
        using HttpClient browser = new();
        byte[] undisturbed = await browser.GetByteArrayAsync(Url(port, "/large?mb=96"));
        int[] relays = Ids(host.Output, "relay-");

        using HttpResponseMessage download = await browser.GetAsync(Url(port, "/large?mb=96"), HttpCompletionOption.ResponseHeadersRead);
        foreach (int relay in relays)
        {
            await ChildProcess.RunAsync("kill", "-9", relay.ToString(CultureInfo.InvariantCulture));
            await host.LineAsync($"(pid {relay}) was ended by signal 9");
            Assert.False(Runs(relay));
        }

        Assert.Equal(undisturbed, await download.Content.ReadAsByteArrayAsync());
        await host.LineAsync("relay-0 is started again");
        await host.LineAsync("relay-1 is started again");
    }

    [Fact]
    public async Task HostKilled_ChildrenEnd()
    {
        await using ChildProcess host = Start(out _);
        int[] children = await ReadyAsync(host);
        await host.KillAsync();
        await Waiting.UntilAsync(() => !children.Any(Runs), "all children have ended", TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task PortTaken_ExitsWithOne_AndSaysHowToChooseAnother()
    {
        using Socket taken = Loopback.Listen(out int port);
        await using ChildProcess host = Run($"--Parameters:port={port}");
        Assert.Equal(1, await host.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains($"The port {port} of 'agent' (endpoint 'sample') is in use. Choose another: --Parameters:port=PORT", host.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "publishes nothing", "--operation", "publish")]
    [InlineData(1, "'0', which is not a port", "--Parameters:port=0")]
    [InlineData(1, "Redis is 'container'", "--Redis=container")]
    public async Task WhatCannotBeDone_IsRefusedInOneLine(int code, string said, params string[] arguments)
    {
        await using ChildProcess host = Run(arguments);
        Assert.Equal(code, await host.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains(said, host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", host.Output, StringComparison.Ordinal);
    }

    private static ChildProcess Start(out int port)
    {
        port = Loopback.FreePort();
        return Run($"--Parameters:port={port}");
    }

    private static ChildProcess Run(params string[] arguments) => ChildProcess.Start(Installed.Built("TunnelAspire.AppHost", room: ""), arguments);

    /// <summary>Waits for the summary; returns the ids of the processes that it names.</summary>
    private static async Task<int[]> ReadyAsync(ChildProcess host)
    {
        await host.LineAsync("  Stop      Ctrl+C", UntilReady);
        return Ids(host.Output, "");
    }

    /// <summary>From lines such as <c>  Running   relay-0      pid 6246     http://localhost:46121</c>.</summary>
    private static int[] Ids(string output, string name) =>
        [.. SummaryLine().Matches(output).Where(line => line.Groups["name"].Value.StartsWith(name, StringComparison.Ordinal))
            .Select(line => int.Parse(line.Groups["id"].Value, CultureInfo.InvariantCulture))];

    private static bool Runs(int process) =>
        File.Exists($"/proc/{process}/stat") && !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);

    private static Uri Url(int port, string path) => new(string.Create(CultureInfo.InvariantCulture, $"http://localhost:{port}{path}"));

    [GeneratedRegex(@"^[ ]+(Running )?[ ]+(?<name>[a-z0-9-]+) +pid (?<id>\d+) ", RegexOptions.Multiline)]
    private static partial Regex SummaryLine();
}
