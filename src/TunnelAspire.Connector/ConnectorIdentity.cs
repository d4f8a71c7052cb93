using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using TunnelAspire.Routing;

namespace TunnelAspire.Connector;

/// <summary>Who this run of the connector is: its name, the epoch that tells runs apart, and the URL at which relays reach it.</summary>
public sealed class ConnectorIdentity
{
    private readonly Lazy<ConnectorAddress> _address;

    /// <summary>The address is known once the server listens.</summary>
    public ConnectorIdentity(IOptions<ConnectorOptions> options, IServer server, TimeProvider time)
    {
        long epoch = time.GetUtcNow().ToUnixTimeMilliseconds();
        _address = new(() => new ConnectorAddress(options.Value.Name, epoch, options.Value.AdvertisedUrl ?? FirstAddress(server)));
    }

    /// <summary>The address to register.</summary>
    public ConnectorAddress Address => _address.Value;

    private static Uri FirstAddress(IServer server)
    {
        string address = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()
            ?? throw new InvalidOperationException("The connector listens nowhere; set --urls or Connector:AdvertisedUrl");
        return new Uri(address.Replace("[::]", "localhost", StringComparison.Ordinal).Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal));
    }
}
