using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Survival;

public sealed class SocketHolderDeathTests
{
    private static readonly Dictionary<string, string> ShortClocks = new() { ["Connector__Hold"] = "00:00:02", ["Connector__Grace"] = "00:00:05" };

    [Fact]
    public async Task Client_ConnectorKilled_SeesAResetWithinFiveSeconds()
    {
        await using Tunnel tunnel = await Tunnel.StartAsync();
        using Socket listener = Loopback.Listen(out int targetPort);
        (ChildProcess agent, int port) = await tunnel.StartAgentAsync(targetPort);
        (Socket client, Socket target) = await Loopback.ConnectThroughAsync(port, listener);
        using (client)
        using (target)
        {
            await ExchangeAsync(client, target);
            long begun = Stopwatch.GetTimestamp();
            await tunnel.Connectors[0].KillAsync();
            Assert.True(await Loopback.EndedByResetAsync(client, TimeSpan.FromSeconds(5)), "ended without a reset");
            Assert.InRange(Stopwatch.GetElapsedTime(begun).TotalSeconds, 0, 5);
            await agent.LineAsync("reset: session-gone");
        }
    }

    [Fact]
    public async Task Client_ConnectorKilledAndRestarted_SeesAReset()
    {
        await using Tunnel tunnel = await Tunnel.StartAsync();
        using Socket listener = Loopback.Listen(out int targetPort);
        (_, int port) = await tunnel.StartAgentAsync(targetPort);
        (Socket client, Socket target) = await Loopback.ConnectThroughAsync(port, listener);
        using (client)
        using (target)
        {
            await ExchangeAsync(client, target);
            await tunnel.Connectors[0].KillAsync();
            tunnel.Connectors[0] = tunnel.StartConnector(0);
            Assert.True(await Loopback.EndedByResetAsync(client, TimeSpan.FromSeconds(5)), "ended without a reset");
        }
    }

    [Fact]
    public async Task Target_AgentKilled_SeesTheEndWithinTheGraceTime()
    {
        await using Tunnel tunnel = await Tunnel.StartAsync(settings: ShortClocks);
        using Socket listener = Loopback.Listen(out int targetPort);
        (ChildProcess agent, int port) = await tunnel.StartAgentAsync(targetPort);
        (Socket client, Socket target) = await Loopback.ConnectThroughAsync(port, listener);
        using (client)
        using (target)
        {
            await ExchangeAsync(client, target);
            await agent.KillAsync();

            // A parked request may be seen until its hold time is over; the grace time runs from there, and is checked each second.
            Assert.True(await Loopback.EndedByResetAsync(target, TimeSpan.FromSeconds(2 + 5 + 2)), "ended without a reset");
            await tunnel.Connectors[0].LineAsync("ended: Abandoned");
        }
    }

    [Theory]
    [InlineData(ChildProcess.SigInt)]
    [InlineData(ChildProcess.SigTerm)]
    public async Task Target_AgentStopped_SeesTheEndAtOnce(int signal)
    {
        await using Tunnel tunnel = await Tunnel.StartAsync();
        using Socket listener = Loopback.Listen(out int targetPort);
        (ChildProcess agent, int port) = await tunnel.StartAgentAsync(targetPort);
        (Socket client, Socket target) = await Loopback.ConnectThroughAsync(port, listener);
        using (client)
        using (target)
        {
            await ExchangeAsync(client, target);
            agent.Signal(signal);
            Assert.True(await Loopback.EndedByResetAsync(target, TimeSpan.FromSeconds(5)), "ended without a reset");
            Assert.Equal(0, await agent.ExitAsync(TimeSpan.FromSeconds(5)));
            await tunnel.Connectors[0].LineAsync("ended: Aborted");
        }
    }

    [Fact]
    public async Task Sessions_ConnectorToldToStop_FinishWhileNewOnesGoElsewhere()
    {
        await using Tunnel tunnel = await Tunnel.StartAsync(connectors: 1);
        using Socket listener = Loopback.Listen(out int targetPort);
        (_, int port) = await tunnel.StartAgentAsync(targetPort);
        (Socket client, Socket target) = await Loopback.ConnectThroughAsync(port, listener);
        using (client)
        using (target)
        {
            await ExchangeAsync(client, target);
            tunnel.Connectors[0].Signal(ChildProcess.SigTerm);
            await tunnel.Connectors[0].LineAsync("Draining: 1 sessions");
            tunnel.Connectors.Add(tunnel.StartConnector(1));

            (Socket client2, Socket target2) = await Loopback.ConnectThroughAsync(port, listener);
            await ExchangeAsync(client2, target2);
            await ExchangeAsync(client, target);
            await tunnel.Connectors[1].LineAsync("opened to");
            client2.Dispose();
            target2.Dispose();
        }

        Assert.Equal(0, await tunnel.Connectors[0].ExitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Open_JustAfterAConnectorWasKilled_TakesAnother()
    {
        await using Tunnel tunnel = await Tunnel.StartAsync(connectors: 2);
        using Socket listener = Loopback.Listen(out int targetPort);
        (_, int port) = await tunnel.StartAgentAsync(targetPort);
        await tunnel.Connectors[0].KillAsync();
        for (int i = 0; i < 20; i++)
        {
            (Socket client, Socket target) = await Loopback.ConnectThroughAsync(port, listener);
            using (client)
            using (target)
            {
                await ExchangeAsync(client, target);
            }
        }
    }

    private static async Task ExchangeAsync(Socket client, Socket target)
    {
        await SayAsync(client, target, "to the target");
        await SayAsync(target, client, "to the client");
    }

    private static async Task SayAsync(Socket from, Socket to, string text)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20));
        byte[] said = Encoding.ASCII.GetBytes(text);
        await from.SendAsync(said, limit.Token);
        byte[] heard = new byte[said.Length];
        for (int count = 0; count < heard.Length;)
        {
            int more = await to.ReceiveAsync(heard.AsMemory(count), limit.Token);
            Assert.NotEqual(0, more);
            count += more;
        }

        Assert.Equal(said, heard);
    }
}
