using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Paths;

/// <summary>Proxies that cut a quiet request, and sessions that are quiet for longer.</summary>
public sealed class IdlePathTests
{
    /// <summary>Some keep time by whole seconds: 7 may be 6 or 8, and stays above the shortest hold time that the agent goes down to, 5 s.</summary>
    private const int ProxyLimitSeconds = 7;

    /// <summary>Longer than three of the proxy's limits, and twice the grace time: cut requests alone would end the session.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(25);

    private static readonly Dictionary<string, string> Clocks = new() { ["Connector__Hold"] = "00:00:10", ["Connector__Grace"] = "00:00:11" };

    [Fact]
    public async Task Session_IdleForLongerThanTheProxyAllows_LivesOn()
    {
        await using Tunnel tunnel = await Tunnel.StartAsync(settings: Clocks);
        PathProxy[] proxies = await PathProxy.StartAllAsync(tunnel.Server, ProxyLimitSeconds);
        try
        {
            await Task.WhenAll(proxies.Select(proxy => StayQuietAsync(tunnel, proxy)));
        }
        finally
        {
            await PathProxy.StopAllAsync(proxies);
        }
    }

    private static async Task StayQuietAsync(Tunnel tunnel, PathProxy proxy)
    {
        await using PathConnection connection = await PathConnection.OpenAsync(tunnel, proxy, "auto");
        await connection.EchoAsync(1);
        await connection.StayQuietAsync(Quiet);
        await connection.EchoAsync(20);
        await connection.TransferAsync(100_000);
    }
}
