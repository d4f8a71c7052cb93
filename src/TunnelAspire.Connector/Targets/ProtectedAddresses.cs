using System.Net;
using System.Net.Sockets;

namespace TunnelAspire.Connector.Targets;

/// <summary>Addresses that nobody means who allows much: a pattern reaches them only where it names them.</summary>
/// <param name="Network">The range that a pattern must lie in to name the address.</param>
/// <param name="Kind">What it is, in words.</param>
public sealed record ProtectedRange(IPNetwork Network, string Kind);

/// <summary>
/// The ranges that lead to the connector's own machine, to its neighbours without a router, to the cloud's keeper of credentials,
/// or to nobody in particular. The smallest range that holds an address counts.
/// </summary>
public static class ProtectedAddresses
{
    private const string Metadata = "cloud metadata";

    // The single addresses stand first: they lie within ranges that follow.
    private static readonly ProtectedRange[] Ranges =
    [
        Range("169.254.169.254/32", Metadata), // AWS, Azure, Google, Oracle and others
        Range("169.254.170.2/32", Metadata), // AWS: credentials of ECS tasks
        Range("169.254.170.23/32", Metadata), // AWS: credentials of EKS pods
        Range("fd00:ec2::254/128", Metadata), // AWS
        Range("fd00:ec2::23/128", Metadata), // AWS: EKS pods
        Range("168.63.129.16/32", Metadata), // Azure: the machine's agent
        Range("100.100.100.200/32", Metadata), // Alibaba Cloud
        Range("192.0.0.192/32", Metadata), // Oracle Cloud
        Range("fd20:ce::254/128", Metadata), // Google Cloud
        Range("fd00:42::42/128", Metadata), // Scaleway
        Range("255.255.255.255/32", "broadcast"),
        Range("127.0.0.0/8", "loopback"),
        Range("::1/128", "loopback"),
        Range("0.0.0.0/8", "unspecified"), // dialled, it is this machine
        Range("::/128", "unspecified"),
        Range("169.254.0.0/16", "link-local"),
        Range("fe80::/10", "link-local"),
        Range("224.0.0.0/4", "multicast"),
        Range("ff00::/8", "multicast"),
    ];

    private static readonly IPNetwork[] Translated = [IPNetwork.Parse("64:ff9b::/96"), IPNetwork.Parse("64:ff9b:1::/48"), IPNetwork.Parse("::/96")];
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    /// <summary>The range that protects the address; null where none does.</summary>
    public static ProtectedRange? Find(IPAddress address)
    {
        IPAddress plain = Plain(address);
        if (Array.Find(Ranges, range => range.Network.Contains(plain)) is { } range)
        {
            return range;
        }

        // An IPv6 address that leads to an IPv4 one is named by itself only.
        return Inner(plain) is { } inner && Array.Find(Ranges, range => range.Network.Contains(inner)) is { } protecting
            ? new ProtectedRange(new IPNetwork(plain, 128), protecting.Kind)
            : null;
    }

    /// <summary>The address without its clothes: IPv4 where it is written as IPv6, and without a scope.</summary>
    public static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
        : address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0 ? new IPAddress(address.GetAddressBytes())
        : address;

    /// <summary>The IPv4 address that an IPv6 address leads to by translation (RFC 6052, RFC 8215), as a compatible one (RFC 4291) or by 6to4 (RFC 3056).</summary>
    public static IPAddress? Inner(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return null;
        }

        byte[] bytes = address.GetAddressBytes();
        return SixToFour.Contains(address) ? new IPAddress(bytes.AsSpan(2, 4))
            : Array.Exists(Translated, network => network.Contains(address)) ? new IPAddress(bytes.AsSpan(12, 4))
            : null;
    }

    private static ProtectedRange Range(string network, string kind) => new(IPNetwork.Parse(network), kind);
}
