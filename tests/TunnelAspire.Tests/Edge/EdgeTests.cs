using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Edge;

/// <summary>
/// Requests at the protocol's edges. Beside each test a neighbour's session is open, which has to be as well after the test as
/// it was before. Each test runs at the connector, and through a relay; some through a relay in HTTP/2.
/// </summary>
public abstract class EdgeTests(TunnelHosts hosts, Func<TunnelHosts, Uri> entrance) : IClassFixture<TunnelHosts>, IAsyncLifetime
{
    private EdgeSession _neighbour = null!;

    protected TunnelHosts Hosts => hosts;

    protected bool EntranceIsRelay => entrance(hosts) != hosts.Connector;

    protected EdgeClient Client { get; private set; } = null!;

    protected EdgeSession Session { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Client = entrance(hosts) == hosts.RelayInHttp2 ? new EdgeClient(hosts.Relay, hosts.RelayInHttp2) : new EdgeClient(entrance(hosts));
        Session = await Client.OpenAsync(hosts.Target);
        _neighbour = await Client.OpenAsync(hosts.Target);
        await _neighbour.RequireEchoAsync(100);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _neighbour.RequireEchoAsync(100);
        (await _neighbour.EndAsync()).Require(204);
        await Session.EndAsync();
        Client.Dispose();
    }

    /// <summary>The refused request has left the session alone.</summary>
    protected Task RequireUnharmedAsync() => Session.RequireEchoAsync(100);

    /// <summary>The refused request has ended the session.</summary>
    protected async Task RequireGoneAsync()
    {
        (await Session.SendAsync("?offset=0")).Require(TunnelError.SessionGone, "ended");
        (await Session.ReceiveAsync("?ack=0")).Require(TunnelError.SessionGone, "ended");
    }
}
