using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Programs;

/// <summary>One tunnel for all tests that only carry programs through it: two connectors, two relays.</summary>
public sealed class SharedTunnel : IAsyncLifetime
{
    public Tunnel Tunnel { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Tunnel = await Tunnel.StartAsync(connectors: 2, relays: 2);

    /// <summary>A local port that leads to <paramref name="target"/>.</summary>
    public async Task<int> ForwardAsync(int target) => (await Tunnel.StartAgentAsync(target)).Port;

    public ValueTask DisposeAsync() => Tunnel.DisposeAsync();
}

[CollectionDefinition(Name)]
public sealed class Programs : ICollectionFixture<SharedTunnel>
{
    public const string Name = "programs";
}
