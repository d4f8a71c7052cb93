using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using TunnelAspire.IntegrationTests.Harness;
using TunnelAspire.IntegrationTests.Programs;
using Xunit;

namespace TunnelAspire.IntegrationTests.AgentProgram;

/// <summary><c>tunnel status</c>, <c>stop</c>, and the control socket under all that may come.</summary>
[Collection(Programs.Programs.Name)]
public sealed class ControlTests(SharedTunnel shared)
{
    [Fact]
    public async Task Status_TellsWhatTheAgentDoes()
    {
        using Socket target = Loopback.Listen(out int targetPort);
        await using Agent agent = new(Configuration($"0:127.0.0.1:{targetPort}"));
        int port = Tunnel.LocalPort(await agent.Process.LineAsync("forwarding "));
        (Socket client, Socket server) = await Loopback.ConnectThroughAsync(port, target);
        await client.SendAsync(new byte[5000]);
        await server.SendAsync(new byte[7]);
        await Waiting.UntilAsync(async () => (await agent.StatusAsync()).GetProperty("totals").GetProperty("bytesUp").GetInt64() == 5000, "all bytes are acknowledged");

        JsonElement status = await agent.StatusAsync();
        Assert.Equal(agent.Process.Id, status.GetProperty("pid").GetInt32());
        Assert.Equal(agent.File, status.GetProperty("config").GetString());
        Assert.Equal(shared.Tunnel.Server + "/", status.GetProperty("path").GetProperty("server").GetString());
        JsonElement forward = Assert.Single(status.GetProperty("forwards").EnumerateArray());
        Assert.Equal(("db", $"127.0.0.1:{port}", 1), (forward.GetProperty("name").GetString(), forward.GetProperty("listen").GetString(), forward.GetProperty("clients").GetInt32()));
        JsonElement session = Assert.Single(status.GetProperty("sessions").EnumerateArray());
        Assert.Equal(($"127.0.0.1:{targetPort}", client.LocalEndPoint!.ToString(), 5000, 7), (
            session.GetProperty("target").GetString(), session.GetProperty("client").GetString(), session.GetProperty("bytesUp").GetInt32(), session.GetProperty("bytesDown").GetInt32()));

        (int code, string table) = await agent.TunnelAsync("status");
        Assert.Equal(0, code);
        Assert.Contains("1 open   1 opened   0 failed", table, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', table);
        client.Dispose();
        server.Dispose();
    }

    [Fact]
    public async Task Stop_EndsTheAgentInOrder_AndItsSocketGoes()
    {
        await using Agent agent = new(Configuration("0:127.0.0.1:1"));
        await agent.Process.LineAsync("forwarding ");
        await Waiting.UntilAsync(() => File.Exists(agent.Socket), "its socket is there");
        Assert.Equal("600", await ChildProcess.RunAsync("stat", "-c", "%a", agent.Socket));

        Assert.Equal((0, $"agent {agent.Process.Id} has stopped"), await agent.TunnelAsync("stop"));

        Assert.Equal(0, await agent.Process.ExitAsync(TimeSpan.FromSeconds(10)));
        Assert.False(File.Exists(agent.Socket));
        Assert.Contains("The agent has stopped after ", agent.Process.Output, StringComparison.Ordinal);
        (int code, string output) = await agent.TunnelAsync("status");
        Assert.Equal(1, code);
        Assert.StartsWith("tunnel: no agent of this user runs here", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Agents_ThatAreSeveral_AreListed_AndOneIsNamed()
    {
        await using Agent agent = new(Configuration("0:127.0.0.1:1"));
        await agent.Process.LineAsync("forwarding ");
        await using ChildProcess other = ChildProcess.Start(Agent.Program, ["connect", shared.Tunnel.Server, "-D", "0"], agent.Environment);
        await other.LineAsync("SOCKS and HTTP proxy on ");
        string othersSocket = Path.Combine(Path.GetDirectoryName(agent.Socket)!, $"tunnel-{other.Id}.sock");
        await Waiting.UntilAsync(() => File.Exists(othersSocket) && File.Exists(agent.Socket), "both have sockets");

        (int code, string output) = await agent.TunnelAsync("status");
        Assert.Equal(2, code);
        Assert.Contains("tunnel: several agents run here; say which is meant:", output, StringComparison.Ordinal);
        Assert.Contains($"--control {other.Id}  {shared.Tunnel.Server}/  127.0.0.1:", output, StringComparison.Ordinal);
        Assert.Contains($"process {other.Id}", (await agent.TunnelAsync("status", "--control", $"{other.Id}")).Output, StringComparison.Ordinal);
        Assert.Contains($"process {other.Id}", (await agent.TunnelAsync("status", "--control", othersSocket)).Output, StringComparison.Ordinal);

        await other.KillAsync(); // what it leaves behind is no agent
        Assert.True(File.Exists(othersSocket));
        Assert.Contains($"process {agent.Process.Id}", (await agent.TunnelAsync("status")).Output, StringComparison.Ordinal);
        Assert.False(File.Exists(othersSocket));
    }

    [Theory]
    [InlineData("{\"command\":\"dance\"}\n", "no such command")]
    [InlineData("nonsense\n", "no such command")]
    [InlineData("[[[[[[", "no such command")]
    [InlineData("\n", "")]
    [InlineData("null\n", "no such command")]
    [InlineData("{\"command\":\"reload\"}", "\"reload\":{")]
    public async Task Socket_ThatIsSpokenToWrongly_AnswersAndGoesOn(string request, string answer)
    {
        await using Agent agent = new(Configuration("0:127.0.0.1:1"));
        await agent.Process.LineAsync("forwarding ");
        await Waiting.UntilAsync(() => File.Exists(agent.Socket), "its socket is there");

        Assert.Contains(answer, await AskAsync(agent.Socket, Encoding.UTF8.GetBytes(request)), StringComparison.Ordinal);
        Assert.Equal("", await AskAsync(agent.Socket, new byte[100_000]));
        Assert.Equal(agent.Process.Id, (await agent.StatusAsync()).GetProperty("pid").GetInt32());
    }

    [Fact]
    public async Task Socket_OfAPath_ReplacesOneThatIsStale_AndLeavesAFileAlone()
    {
        using Scratch scratch = new();
        string path = scratch.File("control.sock");
        await using (Agent killed = new(Configuration("0:127.0.0.1:1"), "--control", path))
        {
            await killed.Process.LineAsync("forwarding ");
            await Waiting.UntilAsync(() => File.Exists(path), "its socket is there");
            await killed.Process.KillAsync();
        }

        await using Agent agent = new(Configuration("0:127.0.0.1:1"), "--control", path);
        await agent.Process.LineAsync("forwarding ");
        await Waiting.UntilAsync(async () => (await agent.TunnelAsync("status", "--control", path)).Code == 0, "it answers there");

        string file = scratch.Write("file", "mine");
        await using Agent refused = new(Configuration("0:127.0.0.1:1"), "--control", file);
        Assert.Equal(1, await refused.Process.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains($"tunnel: cannot listen on the control socket {file}: ", refused.Process.Output, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(file));
    }

    /// <summary>What the agent answers to these bytes; nothing if it hangs up on them.</summary>
    private static async Task<string> AskAsync(string path, byte[] request)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        using MemoryStream all = new();
        byte[] bytes = new byte[4096];
        try
        {
            for (int sent = 0; sent < request.Length;)
            {
                sent += await socket.SendAsync(request.AsMemory(sent));
            }

            socket.Shutdown(SocketShutdown.Send);
            for (int count; (count = await socket.ReceiveAsync(bytes).WaitAsync(TimeSpan.FromSeconds(20))) > 0;)
            {
                all.Write(bytes, 0, count);
            }
        }
        catch (SocketException)
        {
            // It has hung up.
        }

        return Encoding.UTF8.GetString(all.ToArray());
    }

    private string Configuration(string forward) => $$"""{ "Agent": { "Server": "{{shared.Tunnel.Server}}", "Forwards": { "db": "{{forward}}" } } }""";
}
