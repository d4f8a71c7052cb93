using System.Net;
using System.Net.Sockets;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Forwards;

/// <summary>A local address to listen on, and the target to which its connections lead.</summary>
/// <remarks>
/// The raw format is ssh's: <c>[bind:]port:host:hostport</c>, such as <c>5432:db.internal:5432</c>, <c>*:8080:[::1]:80</c>.
/// On either side a path stands for a unix socket: <c>/tmp/db.sock:db.internal:5432</c>, <c>5432:/run/postgresql/.s.PGSQL.5432</c>.
/// The listening side is read by <see cref="ListenAddress"/>; the far side's path is absolute.
/// </remarks>
/// <param name="Listen">Where to listen: a TCP address or a unix socket.</param>
/// <param name="Target">Where the connections lead.</param>
public sealed record ForwardSpec(EndPoint Listen, TargetAddress Target)
{
    /// <summary>Reads a forward.</summary>
    /// <exception cref="FormatException">It is none; the message names it and says what is wrong.</exception>
    public static ForwardSpec Parse(string text)
    {
        string subject = $"'{text}' is not a forward";
        List<string> parts = ListenAddress.SplitOutsideBrackets(text);
        if (ListenAddress.TryParsePath(subject, parts[0], out UnixDomainSocketEndPoint? socket))
        {
            return new ForwardSpec(socket, ParseTarget(subject, parts[1..]));
        }

        int targetParts = parts[^1].Contains('/', StringComparison.Ordinal) ? 1 : 2;
        int listenParts = parts.Count - targetParts;
        return listenParts is 1 or 2
            ? new ForwardSpec(
                ListenAddress.Parse(subject, listenParts == 2 ? parts[0] : null, parts[listenParts - 1]), ParseTarget(subject, parts[listenParts..]))
            : throw Malformed(subject);
    }

    private static TargetAddress ParseTarget(string subject, List<string> parts)
    {
        string target = string.Join(':', parts);
        return parts.Count is not (1 or 2)
            ? throw Malformed(subject)
            : TargetAddress.TryParse(parts.Count == 1 ? TargetAddress.UnixScheme + target : target, out TargetAddress? address)
            ? address
            : throw new FormatException($"{subject}: '{target}' is no {(parts.Count == 1 ? "absolute path of a unix socket" : "host:port")}");
    }

    private static FormatException Malformed(string subject) =>
        new($"{subject}: [bind:]port:host:hostport is expected, such as 5432:db.internal:5432, or a unix socket's path on either side");
}
