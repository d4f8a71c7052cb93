using System.Globalization;
using System.Net;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Forwards;

/// <summary>A local address to listen on, and the target to which its connections lead.</summary>
/// <remarks>
/// The raw format is ssh's: <c>[bind:]port:host:hostport</c>, such as <c>5432:db.internal:5432</c>, <c>*:8080:[::1]:80</c>.
/// Bind is an address, <c>localhost</c> or <c>*</c>; without it the port is open to this machine only. Port 0 lets the system choose.
/// </remarks>
/// <param name="Listen">Where to listen.</param>
/// <param name="Target">Where the connections lead.</param>
public sealed record ForwardSpec(IPEndPoint Listen, TargetAddress Target)
{
    /// <summary>Reads a forward.</summary>
    /// <exception cref="FormatException">It is none; the message names it and says what is wrong.</exception>
    public static ForwardSpec Parse(string text)
    {
        List<string> parts = SplitOutsideBrackets(text);
        if (parts.Count is not (3 or 4))
        {
            throw new FormatException($"'{text}' is not a forward: [bind:]port:host:hostport is expected, such as 5432:db.internal:5432");
        }

        string bind = parts.Count == 4 ? parts[0] : "localhost";
        string port = parts[^3];
        if (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number > IPEndPoint.MaxPort)
        {
            throw new FormatException($"'{text}' is not a forward: '{port}' is no port (0 to 65535)");
        }

        return TargetAddress.TryParse($"{parts[^2]}:{parts[^1]}", out TargetAddress? target)
            ? new ForwardSpec(new IPEndPoint(ParseBind(text, bind), number), target)
            : throw new FormatException($"'{text}' is not a forward: '{parts[^2]}:{parts[^1]}' is no host:port");
    }

    private static IPAddress ParseBind(string text, string bind) => bind switch
    {
        "localhost" => IPAddress.Loopback,
        "*" or "" => IPAddress.IPv6Any,
        _ => IPAddress.TryParse(bind.StartsWith('[') && bind.EndsWith(']') ? bind[1..^1] : bind, out IPAddress? address)
            ? address
            : throw new FormatException($"'{text}' is not a forward: '{bind}' is no address to listen on (an IP address, localhost or *)"),
    };

    private static List<string> SplitOutsideBrackets(string text)
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
}
