using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Paths;

/// <summary>A tunnel, and every proxy in front of its relay, as the packages come.</summary>
public sealed class PathsInTest : IAsyncLifetime
{
    private Tunnel _tunnel = null!;
    private PathProxy[] _proxies = [];

    public async ValueTask InitializeAsync()
    {
        _tunnel = await Tunnel.StartAsync();
        try
        {
            _proxies = await PathProxy.StartAllAsync(_tunnel.Server);
        }
        catch
        {
            await _tunnel.DisposeAsync(); // whoever does not begin is not disposed of
            throw;
        }
    }

    /// <summary>A connection through a new agent and the proxy of that name.</summary>
    public Task<PathConnection> ConnectAsync(string proxy, string mode) =>
        PathConnection.OpenAsync(_tunnel, _proxies.Single(each => each.Name == proxy), mode);

    public async ValueTask DisposeAsync()
    {
        await PathProxy.StopAllAsync(_proxies);
        await _tunnel.DisposeAsync();
    }
}
