using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TunnelAspire.Agent.Forwards;

/// <summary>Reads where to listen: <c>[bind:]port</c> as ssh writes it, or the path of a unix socket.</summary>
/// <remarks>Bind is an address, <c>localhost</c> or <c>*</c>; without it the port is open to this machine only. Port 0 lets the system choose.</remarks>
internal static class ListenAddress
{
    /// <summary>Reads <c>[bind:]port</c>.</summary>
    /// <exception cref="FormatException">It is none; the message names it and says what is wrong.</exception>
    public static IPEndPoint Parse(string text)
    {
        List<string> parts = SplitOutsideBrackets(text);
        string subject = $"'{text}' is no address to listen on";
        return parts.Count is 1 or 2
            ? Parse(subject, parts.Count == 2 ? parts[0] : null, parts[^1])
            : throw new FormatException($"{subject}: [bind:]port is expected, such as 1080 or 127.0.0.1:1080");
    }

    /// <summary>Reads the parts of <c>[bind:]port</c>.</summary>
    /// <param name="subject">Begins the message of what is thrown, such as "'x' is not a forward".</param>
    /// <param name="bind">The address; null for this machine only.</param>
    /// <param name="port">The port.</param>
    public static IPEndPoint Parse(string subject, string? bind, string port) =>
        int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number <= IPEndPoint.MaxPort
            ? new IPEndPoint(ParseBind(subject, bind ?? "localhost"), number)
            : throw new FormatException($"{subject}: '{port}' is no port (0 to 65535)");

    /// <summary>Reads the path of a unix socket; anything with a slash counts as one.</summary>
    public static bool TryParsePath(string subject, string path, [NotNullWhen(true)] out UnixDomainSocketEndPoint? socket)
    {
        socket = null;
        if (!path.Contains('/', StringComparison.Ordinal))
        {
            return false;
        }

        try
        {
            socket = new UnixDomainSocketEndPoint(Path.GetFullPath(path));
            return true;
        }
        catch (ArgumentException)
        {
            throw new FormatException($"{subject}: '{path}' is too long for a unix socket");
        }
    }

    /// <summary>The parts between colons; those in brackets belong to IPv6 addresses.</summary>
    public static List<string> SplitOutsideBrackets(string text)
    {
        List<string> parts = [""];
        bool inside = false;
        foreach (char c in text)
        {
            inside = (inside || c == '[') && c != ']';
            if (c == ':' && !inside)
            {
                parts.Add("");
            }
            else
            {
                parts[^1] += c;
            }
        }

        return parts;
    }

    private static IPAddress ParseBind(string subject, string bind) => bind switch
    {
        "localhost" => IPAddress.Loopback,
        "*" or "" => IPAddress.IPv6Any,
        _ => IPAddress.TryParse(bind.StartsWith('[') && bind.EndsWith(']') ? bind[1..^1] : bind, out IPAddress? address)
            ? address
            : throw new FormatException($"{subject}: '{bind}' is no address to listen on (an IP address, localhost or *)"),
    };
}
