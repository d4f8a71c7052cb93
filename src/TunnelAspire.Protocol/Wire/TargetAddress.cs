using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace TunnelAspire.Protocol.Wire;

/// <summary>A TCP address as people write it: <c>host:port</c>, <c>192.0.2.1:22</c>, <c>[2001:db8::1]:5432</c>.</summary>
/// <param name="Host">A name or an address, without brackets.</param>
/// <param name="Port">1 to 65535.</param>
public sealed record TargetAddress(string Host, int Port)
{
    private const int MaxHostLength = 253; // RFC 1035 §2.3.4, in presentation form

    /// <summary>Reads <c>host:port</c>. IPv6 addresses stand in brackets.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out TargetAddress? address)
    {
        address = null;
        int colon = text?.LastIndexOf(':') ?? -1;
        if (colon <= 0 || !TryParsePort(text.AsSpan(colon + 1), out int port))
        {
            return false;
        }

        string host = text![..colon];
        if (host.StartsWith('[') && host.EndsWith(']'))
        {
            host = host[1..^1];
            if (!host.Contains(':', StringComparison.Ordinal) || !WireText.TryParseAddress(host, out _))
            {
                return false;
            }
        }
        else if (!IsHostName(host))
        {
            return false;
        }

        address = new TargetAddress(host, port);
        return true;
    }

    /// <summary>Reads a port: 1 to 65535, decimal digits only.</summary>
    public static bool TryParsePort(ReadOnlySpan<char> text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535 && WireText.IsDigits(text);

    /// <inheritdoc/>
    public override string ToString() =>
        Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    private static bool IsHostName(string host)
    {
        if (host.Length is 0 or > MaxHostLength)
        {
            return false;
        }

        foreach (char c in host)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.' or '_'))
            {
                return false;
            }
        }

        return true;
    }
}
