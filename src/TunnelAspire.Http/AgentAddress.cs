using System.Net;
using Microsoft.AspNetCore.Http;

namespace TunnelAspire.Http;

/// <summary>
/// From where an agent asks: the address of the connection, and where that is a trusted proxy's, what the proxy says of it in
/// <c>X-Forwarded-For: 192.0.2.7, 10.0.0.9</c>, read from the end as far as proxies are trusted.
/// </summary>
public sealed class AgentAddress
{
    private const int MostProxies = 16;
    private readonly IPNetwork[] _trusted;

    /// <summary>Trusts the proxies at these addresses and networks.</summary>
    /// <exception cref="FormatException">One is neither; the message names it.</exception>
    public AgentAddress(IEnumerable<string> trusted) => _trusted = [.. trusted.SelectMany(entry => entry.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Select(Network)];

    /// <summary>The agent's address; null where the connection has none.</summary>
    public IPAddress? Of(HttpContext context)
    {
        IPAddress? address = Plain(context.Connection.RemoteIpAddress);
        if (address is null || !IsTrusted(address))
        {
            return address;
        }

        string[] hops = string.Join(',', (IEnumerable<string?>)context.Request.Headers["X-Forwarded-For"]).Split(',', StringSplitOptions.TrimEntries);
        foreach (string hop in hops.Reverse().Take(MostProxies))
        {
            if (!IPEndPoint.TryParse(hop, out IPEndPoint? said))
            {
                break; // the nearest proxy that could not say is all that is known
            }

            address = Plain(said.Address)!;
            if (!IsTrusted(address))
            {
                break;
            }
        }

        return address;
    }

    private bool IsTrusted(IPAddress address) => _trusted.Length > 0 && Array.Exists(_trusted, network => network.Contains(address));

    private static IPAddress? Plain(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;

    private static IPNetwork Network(string text) =>
        IPNetwork.TryParse(text, out IPNetwork network) ? network
        : IPAddress.TryParse(text, out IPAddress? address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : throw new FormatException($"Relay:TrustedProxies: '{text}' is neither an address nor a network");
}
