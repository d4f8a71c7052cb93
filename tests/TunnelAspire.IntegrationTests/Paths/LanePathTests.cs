using TunnelAspire.IntegrationTests.Harness;
using TunnelAspire.IntegrationTests.Telemetry;
using Xunit;

namespace TunnelAspire.IntegrationTests.Paths;

/// <summary>Which proxies let sessions share a connection, and what becomes of the sessions where they do and where they do not.</summary>
public sealed class LanePathTests
{
    private const int Sessions = 4;
    private const int ProxyLimitSeconds = 7;

    /// <summary>Longer than it is tried whether lanes pass, and half of what a proxy that delays small packets makes of a round trip.</summary>
    private static readonly TimeSpan Trial = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(200);

    /// <summary>Longer than three of the proxies' limits, and twice the grace time.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(25);

    private static readonly Dictionary<string, string> Clocks = new() { ["Connector__Hold"] = "00:00:10", ["Connector__Grace"] = "00:00:11" };

    [Fact]
    public Task Sessions_ShareAConnection_WhereTheProxyLetsThem() => ThroughEachAsync(program => !program.Forward, null, async (tunnel, proxy, collector) =>
    {
        await using EchoSessions sessions = await EchoSessions.OpenAsync(tunnel, proxy, Sessions, collector);
        Assert.Contains(proxy.Program.Modes, await sessions.MeasuredAsync(), StringComparison.Ordinal);
        if (proxy.Program.Lanes)
        {
            await sessions.OnLanesAsync();
            TimeSpan roundTrip = await sessions.EchoAsync(50);
            Assert.True(roundTrip < Slow, $"{proxy.Name}: half of the round trips took {roundTrip.TotalMilliseconds} ms and longer");
        }
        else
        {
            await sessions.EchoAsync(5);
            await sessions.StayQuietAsync(Trial);
            await sessions.EchoAsync(5);
            Assert.Equal((proxy.Name, 0), (proxy.Name, await sessions.LanesAsync()));
        }
    });

    [Fact]
    public Task SessionsOnLanes_WhenTheProxyIsStartedAgain_LoseNothing() => ThroughEachAsync(program => program.Lanes, null, async (tunnel, proxy, collector) =>
    {
        await using EchoSessions sessions = await EchoSessions.OpenAsync(tunnel, proxy, Sessions, collector);
        await sessions.OnLanesAsync();
        Task asking = sessions.EchoAsync(1000);
        await proxy.RestartAsync();
        await asking;
        await sessions.EchoAsync(20);
    });

    [Fact]
    public Task SessionsOnLanes_IdleForLongerThanTheProxyAllows_LiveOn() => ThroughEachAsync(program => program.Lanes, ProxyLimitSeconds, async (tunnel, proxy, collector) =>
    {
        await using EchoSessions sessions = await EchoSessions.OpenAsync(tunnel, proxy, Sessions, collector);
        await sessions.OnLanesAsync();
        await sessions.StayQuietAsync(Quiet);
        await sessions.EchoAsync(20);
    });

    private static async Task ThroughEachAsync(Func<ProxyProgram, bool> which, int? idleSeconds, Func<Tunnel, PathProxy, Collector, Task> part)
    {
        using Collector collector = new(keep: false);
        await using Tunnel tunnel = await Tunnel.StartAsync(settings: Clocks);
        PathProxy[] proxies = await PathProxy.StartAllAsync(tunnel.Server, idleSeconds, which);
        try
        {
            await Task.WhenAll(proxies.Select(proxy => part(tunnel, proxy, collector)));
        }
        finally
        {
            await PathProxy.StopAllAsync(proxies);
        }
    }
}
