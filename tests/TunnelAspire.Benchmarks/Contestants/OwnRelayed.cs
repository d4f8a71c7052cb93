using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.Benchmarks.Contestants;

/// <summary>Agent, relay and connector, each a process of its own, and the redis-server that they share.</summary>
internal sealed class OwnRelayed(string mode) : OwnTunnel(ServerKey, "relay + connector", mode)
{
    public const string ServerKey = "relay";

    private Tunnel? _server;

    public override async Task StartAsync(int target, CancellationToken cancellationToken)
    {
        _server = await Tunnel.StartAsync();
        Parts.AddRange([("relay", _server.Relays[0].Id), ("connector", _server.Connectors[0].Id), ("redis", _server.Redis.Id)]);
        await StartAgentAsync(_server.Server, target);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_server is not null)
        {
            await _server.DisposeAsync();
            _server = null;
        }
    }
}
