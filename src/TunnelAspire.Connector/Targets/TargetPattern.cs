using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector.Targets;

/// <summary>One entry of a list of targets.</summary>
/// <remarks>
/// The raw format is <c>host:ports</c>. The host is a name (<c>db.internal</c>), a suffix (<c>*.internal</c>), anything
/// (<c>*</c>), an address (<c>127.0.0.1</c>, <c>[::1]</c>) or a network (<c>10.0.0.0/8</c>, <c>[2001:db8::]/32</c>).
/// Ports are one (<c>5432</c>), a range (<c>1-1024</c>) or all (<c>*</c>).
/// A unix socket is <c>unix:/path</c>, where each <c>*</c> stands for any characters but <c>/</c>. No other pattern allows one.
/// </remarks>
public sealed class TargetPattern
{
    private readonly string _text;
    private readonly string? _name;
    private readonly IPNetwork? _network;
    private readonly Regex? _path;
    private readonly int _firstPort;
    private readonly int _lastPort;

    private TargetPattern(string text, string? name, IPNetwork? network, int firstPort, int lastPort)
    {
        (_text, _name, _network) = (text, name, network);
        (_firstPort, _lastPort) = (firstPort, lastPort);
    }

    private TargetPattern(string text, Regex path) => (_text, _path) = (text, path);

    /// <summary>Whether it names a network or an address, so that names must be resolved before it can match.</summary>
    public bool IsNetwork => _network is not null;

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="FormatException">It is none; the message names it and says what is wrong.</exception>
    public static TargetPattern Parse(string text)
    {
        if (text.StartsWith(TargetAddress.UnixScheme + "/", StringComparison.Ordinal))
        {
            return new TargetPattern(text, ParsePath(text));
        }

        int colon = text.LastIndexOf(':');
        if (colon <= 0)
        {
            throw new FormatException($"'{text}' is not a target pattern: host:ports or unix:/path is expected, such as 127.0.0.1:*, *.internal:5432, 10.0.0.0/8:1-1024 or unix:/run/app.sock");
        }

        (int first, int last) = ParsePorts(text, text[(colon + 1)..]);
        string host = text[..colon];
        string[] network = host.Split('/');
        if (TryParseAddress(network[0], out IPAddress? address) && network.Length <= 2)
        {
            return new TargetPattern(text, null, ParseNetwork(text, address, network.Length > 1 ? network[1] : null), first, last);
        }

        bool valid = host == "*" || TargetAddress.TryParse($"{(host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host)}:1", out _);
        return valid
            ? new TargetPattern(text, host, null, first, last)
            : throw new FormatException($"'{text}' is not a target pattern: {host} is no host name");
    }

    /// <summary>Whether the target is a unix socket, and allowed.</summary>
    public bool AllowsPath(TargetAddress target) => target.IsUnix && _path is not null && _path.IsMatch(target.Host);

    /// <summary>Whether the target is allowed by its name alone. A dot at a name's end, which resolvers pass over, makes no difference.</summary>
    public bool AllowsName(TargetAddress target) => !target.IsUnix && AllowsPort(target.Port) && _name is not null && AllowsHost(target.Host.TrimEnd('.'));

    /// <summary>Whether the target is allowed at this address.</summary>
    public bool AllowsAddress(IPAddress address, int port) =>
        AllowsPort(port) && _network is { } network && network.Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    /// <summary>Whether the target is allowed at this address (none for a unix socket), be it by path, by name or by address.</summary>
    public bool Allows(TargetAddress target, IPAddress? address) =>
        AllowsPath(target) || AllowsName(target) || (address is not null && AllowsAddress(address, target.Port));

    /// <summary>Whether it could allow the target at some address, if it has one.</summary>
    public bool MayAllow(TargetAddress target) => AllowsPath(target) || AllowsName(target) || (IsNetwork && !target.IsUnix && AllowsPort(target.Port));

    /// <summary>Whether it means the addresses of this range, and does not merely include them: it is one name, or lies within the range.</summary>
    public bool Names(IPNetwork range) => _network is { } network
        ? network.PrefixLength >= range.PrefixLength && range.Contains(network.BaseAddress)
        : _name is not null && !_name.StartsWith('*');

    /// <inheritdoc/>
    public override string ToString() => _text;

    private bool AllowsHost(string host) =>
        _name == "*" ||
        (_name!.StartsWith("*.", StringComparison.Ordinal)
            ? host.EndsWith(_name[1..], StringComparison.OrdinalIgnoreCase)
            : host.Equals(_name.TrimEnd('.'), StringComparison.OrdinalIgnoreCase));

    /// <summary>An IPv6 address stands in brackets, or without them; an IPv4 one never.</summary>
    private static bool TryParseAddress(string host, [NotNullWhen(true)] out IPAddress? address) =>
        host.StartsWith('[') && host.EndsWith(']') && host.Contains(':', StringComparison.Ordinal)
            ? WireText.TryParseAddress(host[1..^1], out address)
            : WireText.TryParseAddress(host, out address);

    private static Regex ParsePath(string text) => TargetAddress.TryParse(text, out TargetAddress? path)
        ? new Regex($"\\A{Regex.Escape(path.Host).Replace("\\*", "[^/]*", StringComparison.Ordinal)}\\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)
        : throw new FormatException($"'{text}' is not a target pattern: the path of a unix socket has no '.', '..' or empty parts and at most 107 bytes");

    private static IPNetwork ParseNetwork(string text, IPAddress address, string? prefix)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            throw new FormatException($"'{text}' is not a target pattern: write {address.MapToIPv4()}, not its IPv6 form");
        }

        int bits = address.GetAddressBytes().Length * 8;
        int length = bits;
        if (prefix is not null && (!int.TryParse(prefix, NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > bits))
        {
            throw new FormatException($"'{text}' is not a target pattern: the prefix of a network has 0 to {bits} bits, not '{prefix}'");
        }

        // The framework drops bits beyond the prefix: who means one host would open its whole network.
        IPNetwork network = new(address, length);
        return network.BaseAddress.Equals(address)
            ? network
            : throw new FormatException($"'{text}' is not a target pattern: {address} has bits beyond the prefix of {length}; for that one address leave the prefix out");
    }

    private bool AllowsPort(int port) => port >= _firstPort && port <= _lastPort;

    private static (int First, int Last) ParsePorts(string text, string ports)
    {
        if (ports == "*")
        {
            return (1, 65535);
        }

        string[] ends = ports.Split('-');
        if (ends.Length <= 2 && TargetAddress.TryParsePort(ends[0], out int first) && TargetAddress.TryParsePort(ends[^1], out int last) && first <= last)
        {
            return (first, last);
        }

        throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"'{text}' is not a target pattern: '{ports}' is no port, range of ports or *"));
    }
}
