using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Programs;

/// <summary>One tunnel for all tests that only carry programs through it: two connectors, two relays.</summary>
public sealed class SharedTunnel : IAsyncLifetime
{
    public Tunnel Tunnel { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Tunnel = await Tunnel.StartAsync(
        connectors: 2, relays: 2, new() { ["Connector__Allow__1"] = "unix:/tmp/tunnelaspire-*/*", ["Connector__Allow__2"] = "nowhere.invalid:80" });

    /// <summary>A local port that leads to <paramref name="target"/>.</summary>
    public async Task<int> ForwardAsync(int target) => (await Tunnel.StartAgentAsync(target)).Port;

    /// <summary>A local port that takes SOCKS and HTTP proxy requests.</summary>
    public async Task<int> ProxyAsync() => (await Tunnel.StartProxyAsync()).Port;

    public ValueTask DisposeAsync() => Tunnel.DisposeAsync();
}

[CollectionDefinition(Name)]
public sealed class Programs : ICollectionFixture<SharedTunnel>
{
    public const string Name = "programs";
}
