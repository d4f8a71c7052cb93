using System.Net.Sockets;
using TunnelAspire.IntegrationTests.Harness;
using TunnelAspire.IntegrationTests.Programs;
using Xunit;

namespace TunnelAspire.IntegrationTests.AgentProgram;

/// <summary>A configuration file that changes while the agent runs.</summary>
[Collection(Programs.Programs.Name)]
public sealed class ReloadTests(SharedTunnel shared)
{
    private const int SigHup = 1;

    [Fact]
    public async Task Forward_ThatIsAdded_Opens_AndOneThatIsRemovedClosesWhenItsSessionsHaveEnded()
    {
        using Socket target = Loopback.Listen(out int targetPort);
        await using Agent agent = new(Configuration($"\"first\": \"0:127.0.0.1:{targetPort}\""));
        int first = Tunnel.LocalPort(await agent.Process.LineAsync("forwarding "));
        (Socket client, Socket server) = await Loopback.ConnectThroughAsync(first, target);

        agent.Configure(Configuration($"\"second\": \"0:localhost:{targetPort}\"")); // by itself
        int second = Tunnel.LocalPort(await agent.Process.LineAsync($"to localhost:{targetPort}"));
        await agent.Process.LineAsync($"Takes no more connections: forwarding 127.0.0.1:{first} to 127.0.0.1:{targetPort}; 1 are left");

        (Socket client2, Socket server2) = await Loopback.ConnectThroughAsync(second, target);
        await Assert.ThrowsAsync<SocketException>(() => Loopback.ConnectAsync(first));
        Assert.Contains("(closing)", (await agent.TunnelAsync("status")).Output, StringComparison.Ordinal);
        await client.SendAsync("still there"u8.ToArray());
        byte[] bytes = new byte[11];
        await server.ReceiveAsync(bytes);
        Assert.Equal("still there"u8.ToArray(), bytes);
        foreach (Socket socket in new[] { client, server, client2, server2 })
        {
            socket.Dispose();
        }

        await Waiting.UntilAsync(async () => (await agent.StatusAsync()).GetProperty("forwards").GetArrayLength() == 1, "the closed forward is gone");
    }

    [Fact]
    public async Task File_ThatIsBroken_KeepsTheOldState_AndSaysWhereItIsWrong()
    {
        await using Agent agent = new(Configuration("\"db\": \"0:127.0.0.1:1\""));
        int port = Tunnel.LocalPort(await agent.Process.LineAsync("forwarding "));

        agent.Configure("{ \"Agent\": {\n  \"Server\": \"x\",\n  \"Forwrads\": {} } }");
        (int code, string output) = await agent.TunnelAsync("reload");
        Assert.Equal((1, $"tunnel: {agent.File}, line 3, column 3: Agent:Forwrads is no setting; is Forwards meant?"), (code, output));
        await agent.Process.LineAsync($"The configuration cannot be used (tunnel reload), the former one still is: {agent.File}, line 3, column 3: ");
        (await Loopback.ConnectAsync(port)).Dispose();

        using Socket taken = Loopback.Listen(out int takenPort);
        agent.Configure(Configuration($"\"other\": \"0:127.0.0.1:1\", \"taken\": \"{takenPort}:127.0.0.1:1\""));
        (code, output) = await agent.TunnelAsync("reload");
        Assert.Equal(1, code);
        Assert.Contains($"cannot listen on 127.0.0.1:{takenPort}: Address already in use", output, StringComparison.Ordinal);
        (await Loopback.ConnectAsync(port)).Dispose();

        agent.Configure(Configuration("\"db\": \"0:127.0.0.1:1\"")); // as before
        Assert.Equal((0, "nothing has changed"), await agent.TunnelAsync("reload"));
    }

    [Fact]
    public async Task Server_ThatIsAnother_IsTakenByNewSessions_AndTheOldOnesStay()
    {
        using Socket target = Loopback.Listen(out int targetPort);
        await using Agent agent = new(Configuration($"\"db\": \"0:127.0.0.1:{targetPort}\""));
        int port = Tunnel.LocalPort(await agent.Process.LineAsync("forwarding "));
        (Socket client, Socket server) = await Loopback.ConnectThroughAsync(port, target);

        agent.Configure(Configuration($"\"db\": \"0:127.0.0.1:{targetPort}\"", "http://127.0.0.1:1", ", \"OpenTimeout\": \"00:00:01\""));
        Assert.Equal((0, "new sessions take the changed way to the relays"), await agent.TunnelAsync("reload"));

        using Socket lost = await Loopback.ConnectAsync(port);
        Assert.True(await Loopback.EndedByResetAsync(lost, TimeSpan.FromSeconds(30)), "ended without a reset");
        await agent.Process.LineAsync("last: cannot connect to 127.0.0.1:1: Connection refused");
        await server.SendAsync("x"u8.ToArray());
        Assert.Equal(1, await client.ReceiveAsync(new byte[2]));
        client.Dispose();
        server.Dispose();
    }

    [Fact]
    public async Task Sighup_ReloadsAService()
    {
        await using Agent agent = new(Configuration("\"db\": \"0:127.0.0.1:1\""));
        await agent.Process.LineAsync("forwarding ");

        agent.Configure(Configuration("\"db\": \"0:127.0.0.1:2\""));
        agent.Process.Signal(SigHup);

        await agent.Process.LineAsync("to 127.0.0.1:2 through");
        agent.Process.Signal(ChildProcess.SigTerm);
        Assert.Equal(0, await agent.Process.ExitAsync(TimeSpan.FromSeconds(30)));
    }

    private string Configuration(string forwards, string? server = null, string more = "") =>
        $$"""
        {
          "Agent": {
            "Server": "{{server ?? shared.Tunnel.Server}}",
            "Forwards": { {{forwards}} }{{more}}
          } // a comment
        }
        """;
}
