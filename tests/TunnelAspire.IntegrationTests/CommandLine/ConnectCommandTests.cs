using System.Net.Sockets;
using System.Text.Json;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.CommandLine;

public sealed class ConnectCommandTests
{
    [Theory]
    [InlineData("server's URL is missing", "connect", "-L", "0:localhost:1")]
    [InlineData("nothing to forward", "connect", "http://127.0.0.1:1")]
    [InlineData("'ftp://x'", "connect", "ftp://x", "-L", "0:localhost:1")]
    [InlineData("'nonsense'", "connect", "nonsense", "-L", "0:localhost:1")]
    [InlineData("'5432'", "connect", "http://127.0.0.1:1", "-L", "5432")]
    [InlineData("'99999'", "connect", "http://127.0.0.1:1", "-L", "99999:localhost:1")]
    [InlineData("'localhost:0'", "connect", "http://127.0.0.1:1", "-L", "1:localhost:0")]
    [InlineData("'not an address'", "connect", "http://127.0.0.1:1", "-L", "not an address:1:localhost:1")]
    [InlineData("'socks'", "connect", "http://127.0.0.1:1", "-D", "socks")]
    [InlineData("'nowhere'", "connect", "http://127.0.0.1:1", "-W", "nowhere")]
    [InlineData("'run/app.sock'", "connect", "http://127.0.0.1:1", "-L", "1:run/app.sock")]
    [InlineData("-W", "connect", "http://127.0.0.1:1", "-W", "a:1", "-W", "b:1")]
    [InlineData("'fast'", "connect", "http://127.0.0.1:1", "-L", "0:localhost:1", "--mode", "fast")]
    [InlineData("'nocolon'", "connect", "http://127.0.0.1:1", "-L", "0:localhost:1", "--header", "nocolon")]
    [InlineData("'proxy.example'", "connect", "http://127.0.0.1:1", "-L", "0:localhost:1", "--proxy", "proxy.example")]
    [InlineData("'3'", "connect", "http://127.0.0.1:1", "-L", "0:localhost:1", "--http", "3")]
    [InlineData("'http://x'", "connect", "http://127.0.0.1:1", "-L", "0:localhost:1", "--host", "http://x")]
    [InlineData("--cert and --key belong together", "connect", "https://127.0.0.1:1", "-L", "0:localhost:1", "--cert", "agent.pem")]
    [InlineData("'no-such-file.pem' cannot be read", "connect", "https://127.0.0.1:1", "-L", "0:localhost:1", "--ca", "no-such-file.pem")]
    [InlineData("no-such-file.json", "connect", "http://127.0.0.1:1", "-L", "0:localhost:1", "--config", "no-such-file.json")]
    [InlineData("--wrong", "connect", "http://127.0.0.1:1", "--wrong")]
    [InlineData("disconnect", "disconnect")]
    [InlineData("command", "")]
    public async Task WrongUse_ExitsWithTwo_AndALineThatSaysWhatIsWrong(string named, params string[] arguments)
    {
        await using ChildProcess tunnel = Run([.. arguments.Where(argument => argument.Length > 0)]);
        Assert.Equal(2, await tunnel.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains(tunnel.Output.Split('\n'), line => line.StartsWith("tunnel: ", StringComparison.Ordinal) && line.Contains(named, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("'--wrong' is no command", "--wrong")]
    [InlineData("nothing to forward")]
    public async Task WrongUse_WhereTheLogIsJson_IsToldInJson(string said, params string[] arguments)
    {
        await using ChildProcess tunnel = Run(["connect", "http://127.0.0.1:1", "--log", "json", .. arguments]);
        Assert.Equal(2, await tunnel.ExitAsync(TimeSpan.FromSeconds(20)));

        using JsonDocument line = JsonDocument.Parse(tunnel.Output);
        Assert.Equal((1037, "Error"), (line.RootElement.GetProperty("EventId").GetInt32(), line.RootElement.GetProperty("LogLevel").GetString()));
        Assert.Contains(said, line.RootElement.GetProperty("State").GetProperty("Reason").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BusyPort_ExitsWithOne_AndNamesIt()
    {
        using Socket taken = Loopback.Listen(out int port);
        await using ChildProcess tunnel = Run("connect", "http://127.0.0.1:1", "-L", $"{port}:localhost:1");
        Assert.Equal(1, await tunnel.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains($"cannot listen on 127.0.0.1:{port}", tunnel.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Configuration_SaysTheSameAsTheCommandLine()
    {
        using Scratch scratch = new();
        string file = scratch.Write("agent.json", """{ "Agent": { "Server": "http://127.0.0.1:1", "Forwards": ["0:localhost:7"] } }""");
        await using ChildProcess tunnel = Run("connect", "--config", file);
        Assert.Contains("to localhost:7 through http://127.0.0.1:1/", await tunnel.LineAsync("forwarding "), StringComparison.Ordinal);
        tunnel.Signal(ChildProcess.SigTerm);
        Assert.Equal(0, await tunnel.ExitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Server_AnswersWithAnError_ConnectionIsResetWithTheReason()
    {
        await using Tunnel system = await Tunnel.StartAsync(settings: new() { ["Connector__Allow__0"] = "127.0.0.1:1" });
        (ChildProcess agent, int port) = await system.StartAgentAsync(2);
        using Socket client = await Loopback.ConnectAsync(port);
        Assert.True(await Loopback.EndedByResetAsync(client, TimeSpan.FromSeconds(10)), "ended without a reset");
        await agent.LineAsync("reset: forbidden-target: 127.0.0.1:2 is not among the allowed targets");

        (ChildProcess agent2, int port2) = await system.StartAgentAsync(1);
        using Socket client2 = await Loopback.ConnectAsync(port2);
        Assert.True(await Loopback.EndedByResetAsync(client2, TimeSpan.FromSeconds(10)), "ended without a reset");
        await agent2.LineAsync("reset: target-refused: 127.0.0.1:1 at 127.0.0.1");
    }

    private static ChildProcess Run(params string[] arguments) => ChildProcess.Start(Installed.Built("TunnelAspire.Agent", "tunnel"), arguments);
}
