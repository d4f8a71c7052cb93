using System.Net.Sockets;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Survival;

public sealed class RelayDeathTests(ITestOutputHelper output)
{
    private const long Bytes = 200 * 1024 * 1024;

    [Theory]
    [InlineData("poll")]
    [InlineData("burst")]
    [InlineData("stream")]
    public async Task Connection_RelayKilledFiveTimes_LosesNothing(string mode)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        await using Tunnel tunnel = await Tunnel.StartAsync();
        using Socket listener = Loopback.Listen(out int targetPort);
        (_, int port) = await tunnel.StartAgentAsync(targetPort, null, "--mode", mode);
        (Socket client, Socket target) = await Loopback.ConnectThroughAsync(port, listener);
        using (client)
        using (target)
        {
            await new BothWays(client, target, Bytes).RunAsync(async traffic =>
            {
                foreach (long moment in Moments(seed, count: 5))
                {
                    await traffic.ReachAsync(moment);
                    Assert.True(traffic.Progress < Bytes, "killed too late to matter");
                    await tunnel.Relays[0].KillAsync();
                    tunnel.Relays[0] = tunnel.StartRelay(0);
                }
            });
        }
    }

    [Fact]
    public async Task Connection_RedisStoppedAndStartedEmpty_LosesNothing()
    {
        await using Tunnel tunnel = await Tunnel.StartAsync(relays: 2);
        using Socket listener = Loopback.Listen(out int targetPort);
        (_, int port) = await tunnel.StartAgentAsync(targetPort);
        (Socket client, Socket target) = await Loopback.ConnectThroughAsync(port, listener);
        using (client)
        using (target)
        {
            await new BothWays(client, target, Bytes).RunAsync(async traffic =>
            {
                await traffic.ReachAsync(Bytes / 5);
                await tunnel.Redis.KillAsync();
                await traffic.ReachAsync(Bytes / 2);
                await tunnel.StartRedisAsync();
            });
        }

        // A relay that has never seen a session finds new ones: everything has recovered.
        await tunnel.ReadyAsync(relay: 1, connectors: 1);
        (_, int port2) = await tunnel.StartAgentAsync(targetPort, tunnel.RelayUrl(1));
        (Socket client2, Socket target2) = await Loopback.ConnectThroughAsync(port2, listener);
        client2.Dispose();
        target2.Dispose();
    }

    [Fact]
    public async Task Connection_RedisEmptiedAndRelayReplaced_RouteIsRestored()
    {
        await using Tunnel tunnel = await Tunnel.StartAsync();
        using Socket listener = Loopback.Listen(out int targetPort);
        (_, int port) = await tunnel.StartAgentAsync(targetPort);
        (Socket client, Socket target) = await Loopback.ConnectThroughAsync(port, listener);
        using (client)
        using (target)
        {
            await new BothWays(client, target, Bytes / 4).RunAsync(async traffic =>
            {
                await traffic.ReachAsync(Bytes / 20);
                await ChildProcess.RunAsync("redis-cli", "-p", $"{tunnel.RedisPort}", "FLUSHALL");
                await tunnel.Relays[0].KillAsync(); // nobody remembers the route now but the connector
                tunnel.Relays[0] = tunnel.StartRelay(0);
            });
        }
    }

    [Fact]
    public async Task Relay_ToldToStopWhileRequestsAreParked_StopsAtOnce_AndSessionsGoOn()
    {
        await using Tunnel tunnel = await Tunnel.StartAsync();
        using Socket listener = Loopback.Listen(out int targetPort);
        (_, int port) = await tunnel.StartAgentAsync(targetPort);
        (Socket client, Socket target) = await Loopback.ConnectThroughAsync(port, listener);
        using (client)
        using (target)
        {
            await new BothWays(client, target, Bytes / 10).RunAsync(async traffic =>
            {
                await traffic.ReachAsync(Bytes / 100);
                tunnel.Relays[0].Signal(ChildProcess.SigTerm);
                Assert.Equal(0, await tunnel.Relays[0].ExitAsync(TimeSpan.FromSeconds(5)));
                tunnel.Relays[0] = tunnel.StartRelay(0);
            });
        }
    }

    private static long[] Moments(int seed, int count)
    {
#pragma warning disable RS0030 // the seed is printed
        Random random = new(seed);
#pragma warning restore RS0030
        return [.. Enumerable.Range(0, count).Select(_ => random.NextInt64(Bytes / 20, Bytes - (Bytes / 5))).Order()];
    }
}
