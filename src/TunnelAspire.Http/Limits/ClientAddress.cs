using System.Net;
using System.Net.Sockets;

namespace TunnelAspire.Http.Limits;

/// <summary>Which addresses count as one client.</summary>
internal static class ClientAddress
{
    private const int NetworkBytes = 8; // a subscriber of IPv6 has a /64 at the least

    /// <summary>An IPv4 address, also one in IPv6's clothes; of IPv6 the /64.</summary>
    public static string Key(IPAddress? address)
    {
        if (address is null)
        {
            return "";
        }

        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        return address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, NetworkBytes)) : address.ToString();
    }
}
