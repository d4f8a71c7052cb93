using System.Globalization;
using System.Net.Sockets;
using TunnelAspire.IntegrationTests.Harness;
using TunnelAspire.IntegrationTests.Survival;
using Xunit;

namespace TunnelAspire.IntegrationTests.CommandLine;

/// <summary><c>tunneld</c>: relay and connector in one process, without a Redis.</summary>
public sealed class NodeTests
{
    [Theory]
    [InlineData("poll")]
    [InlineData("burst")]
    [InlineData("stream")]
    public async Task Node_CarriesBothWaysAtOnce_WithoutAHop(string mode)
    {
        int serverPort = Loopback.FreePort();
        string server = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{serverPort}");
        using Socket listener = Loopback.Listen(out int targetPort);
        await using ChildProcess node = Start("--urls", server, "--allow", "nowhere.internal:1", "--allow", $"127.0.0.1:{targetPort}");
        await node.LineAsync("Application started");
        await using ChildProcess agent = ChildProcess.Start(
            Installed.Built("TunnelAspire.Agent", "tunnel"), ["connect", server, "--mode", mode, "-L", $"0:127.0.0.1:{targetPort}"]);

        (Socket client, Socket target) = await Loopback.ConnectThroughAsync(Tunnel.LocalPort(await agent.LineAsync("forwarding ")), listener);
        using (client)
        using (target)
        {
            await new BothWays(client, target, 50 * 1024 * 1024).RunAsync(_ => Task.CompletedTask);
        }

        node.Signal(ChildProcess.SigTerm);
        Assert.Equal(0, await node.ExitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Node_ToldToStop_LetsSessionsFinishFirst()
    {
        string server = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Loopback.FreePort()}");
        await using Node node = await Node.StartAsync(new() { ["Connector__DrainSeconds"] = "25" }, "--urls", server);
        (_, int port) = await node.StartAgentAsync(server, null);
        (Socket client, Socket target) = await node.ConnectAsync(port);
        using (client)
        using (target)
        {
            node.Server.Signal(ChildProcess.SigTerm);
            await node.Server.LineAsync("Draining");
            await Task.WhenAny(node.Server.ExitAsync(TimeSpan.FromMinutes(1)), Task.Delay(TimeSpan.FromSeconds(4)));
            Assert.False(node.Server.HasExited, "ended with a session still open");
            await new BothWays(client, target, 100_000).RunAsync(_ => Task.CompletedTask);
        }

        Assert.Equal(0, await node.Server.ExitAsync(TimeSpan.FromSeconds(20)));
    }

    [Theory]
    [InlineData(2, "--wrong", "--wrong")]
    [InlineData(1, "'not-a-pattern'", "--allow", "not-a-pattern", "--urls", "http://127.0.0.1:0")]
    [InlineData(1, "No server certificate was specified", "--urls", "https://127.0.0.1:0")]
    [InlineData(1, "give both files", "--urls", "https://127.0.0.1:0", "--cert", "server.pem")]
    [InlineData(1, "give both files", "--urls", "https://127.0.0.1:0", "--client-ca", "ca.pem")]
    [InlineData(1, "'no-such-file.pem' cannot be read", "--urls", "https://127.0.0.1:0", "--cert", "no-such-file.pem", "--key", "no-such-file.key")]
    public async Task WrongUse_IsToldInOneLine(int code, string named, params string[] arguments)
    {
        await using ChildProcess node = Start(arguments);
        Assert.Equal(code, await node.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains(node.Output.Split('\n'), line => line.StartsWith("tunneld: ", StringComparison.Ordinal) && line.Contains(named, StringComparison.Ordinal));
    }

    private static ChildProcess Start(params string[] arguments) => ChildProcess.Start(Installed.Built("TunnelAspire.Node", "tunneld"), arguments);
}
