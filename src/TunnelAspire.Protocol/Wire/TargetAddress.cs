using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace TunnelAspire.Protocol.Wire;

/// <summary>
/// An address as people write it: <c>host:port</c>, <c>192.0.2.1:22</c>, <c>[2001:db8::1]:5432</c>; or a unix socket,
/// <c>unix:/run/postgresql/.s.PGSQL.5432</c>.
/// </summary>
/// <param name="Host">A name or an address, without brackets; of a unix socket its path.</param>
/// <param name="Port">1 to 65535; of a unix socket 0.</param>
public sealed record TargetAddress(string Host, int Port)
{
    /// <summary>Begins the text form of a unix socket; its path follows.</summary>
    public const string UnixScheme = "unix:";

    private const int MaxHostLength = 253; // RFC 1035 §2.3.4, in presentation form
    private const int MaxPathLength = 107; // bytes: unix(7), without the NUL

    /// <summary>Whether it is a unix socket.</summary>
    public bool IsUnix => Port == 0;

    /// <summary>Reads <c>host:port</c> or <c>unix:/path</c>. IPv6 addresses stand in brackets; a path is absolute and has no detours.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out TargetAddress? address)
    {
        address = null;
        if (text is not null && text.StartsWith(UnixScheme + "/", StringComparison.Ordinal))
        {
            string path = text[UnixScheme.Length..];
            address = IsSocketPath(path) ? new TargetAddress(path, 0) : null;
            return address is not null;
        }

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
    public override string ToString() => IsUnix
        ? UnixScheme + Host
        : Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    /// <summary>Absolute, and written in one way only: an allow-list compares text, so <c>//</c>, <c>.</c> and <c>..</c> are refused.</summary>
    internal static bool IsSocketPath(string path) =>
        Encoding.UTF8.GetByteCount(path) <= MaxPathLength &&
        !path.Any(char.IsControl) &&
        path.StartsWith('/') && path[1..].Split('/').All(part => part is not ("" or "." or ".."));

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
