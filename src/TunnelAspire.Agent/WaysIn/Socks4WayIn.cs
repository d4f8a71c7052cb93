using System.Buffers.Binary;
using System.Net;
using System.Text;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.WaysIn;

/// <summary>SOCKS version 4, and 4a, which lets the far end resolve names. CONNECT only; it knows no passwords.</summary>
/// <remarks>
/// <code>
/// client: 04 command port address user 00 [name 00]   agent: 00 reply 0000 00000000
/// </code>
/// The name follows where the address is 0.0.0.x, x not 0.
/// </remarks>
internal sealed class Socks4WayIn(SocksOptions options) : IWayIn
{
    /// <summary>The first byte of a request.</summary>
    public const byte Version = 4;

    private const byte Connect = 1;
    private const byte Granted = 0x5A;
    private const byte Rejected = 0x5B;
    private const int LongestField = 256; // bytes, with the NUL
    private static readonly byte[] Nul = [0];

    /// <inheritdoc/>
    public async ValueTask<Arrival> GreetAsync(ClientSocket client, CancellationToken cancellationToken)
    {
        byte[] head = await client.ReadAsync(8, cancellationToken);
        await client.ReadThroughAsync(Nul, LongestField, cancellationToken);
        bool named = head is [_, _, _, _, 0, 0, 0, not 0];
        string host = named
            ? Encoding.Latin1.GetString((await client.ReadThroughAsync(Nul, LongestField, cancellationToken))[..^1].Span)
            : new IPAddress(head.AsSpan(4)).ToString();
        if (head[1] != Connect)
        {
            throw new HandshakeException($"command {head[1]} is asked for; only CONNECT is served", Reply(Rejected));
        }

        if (options.AsksForPassword)
        {
            throw new HandshakeException("SOCKS4 knows no password, and one is asked for", Reply(Rejected));
        }

        return ProxyWayIn.TryParseTarget(host, BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(2)), out TargetAddress? target)
            ? new Arrival(target!) { Opened = Reply(Granted), Failed = _ => Reply(Rejected) }
            : throw new HandshakeException("the request names no host and port", Reply(Rejected));
    }

    private static byte[] Reply(byte code) => [0, code, 0, 0, 0, 0, 0, 0];
}
