using System.Buffers.Binary;
using System.Net;
using System.Text;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.WaysIn;

/// <summary>SOCKS version 5 (RFC 1928) with optional name and password (RFC 1929). CONNECT only.</summary>
/// <remarks>
/// <code>
/// client: 05 count method…              agent: 05 method
/// client: 01 length user length password agent: 01 status           (method 02 only)
/// client: 05 command 00 type address port agent: 05 reply 00 01 00000000 0000
/// </code>
/// </remarks>
internal sealed class Socks5WayIn(SocksOptions options) : IWayIn
{
    /// <summary>The first byte of a request.</summary>
    public const byte Version = 5;

    private const byte NoMethods = 0xFF;
    private const byte NoAuthentication = 0;
    private const byte UserAndPassword = 2;
    private const byte UserAndPasswordVersion = 1;
    private const byte Connect = 1;
    private const byte IPv4 = 1;
    private const byte Name = 3;
    private const byte IPv6 = 4;

    /// <inheritdoc/>
    public async ValueTask<Arrival> GreetAsync(ClientSocket client, CancellationToken cancellationToken)
    {
        byte[] offer = await client.ReadAsync(2, cancellationToken);
        byte[] methods = await client.ReadAsync(offer[1], cancellationToken);
        byte method = options.AsksForPassword ? UserAndPassword : NoAuthentication;
        if (!methods.Contains(method))
        {
            throw new HandshakeException(options.AsksForPassword ? "the client offers no password" : "the client insists on authentication", new[] { Version, NoMethods });
        }

        await client.WriteAsync(new[] { Version, method }, cancellationToken);
        if (method == UserAndPassword)
        {
            await AuthenticateAsync(client, cancellationToken);
        }

        return await ReadRequestAsync(client, cancellationToken);
    }

    private async ValueTask AuthenticateAsync(ClientSocket client, CancellationToken cancellationToken)
    {
        byte[] head = await client.ReadAsync(2, cancellationToken);
        byte[] user = await client.ReadAsync(head[1], cancellationToken);
        byte[] password = await client.ReadAsync((await client.ReadAsync(1, cancellationToken))[0], cancellationToken);
        if (head[0] != UserAndPasswordVersion || !options.Admits(user, password))
        {
            throw new HandshakeException("the client's name or password is wrong", new byte[] { UserAndPasswordVersion, 1 });
        }

        await client.WriteAsync(new byte[] { UserAndPasswordVersion, 0 }, cancellationToken);
    }

    private static async ValueTask<Arrival> ReadRequestAsync(ClientSocket client, CancellationToken cancellationToken)
    {
        byte[] head = await client.ReadAsync(4, cancellationToken);
        if (head[0] != Version)
        {
            throw new HandshakeException($"the request is of version {head[0]}, not 5", Reply(FailureWords.SocksFailure));
        }

        string host = await ReadHostAsync(client, head[3], cancellationToken);
        int port = BinaryPrimitives.ReadUInt16BigEndian(await client.ReadAsync(2, cancellationToken));
        if (head[1] != Connect)
        {
            throw new HandshakeException($"command {head[1]} is asked for; only CONNECT is served", Reply(FailureWords.SocksCommandNotSupported));
        }

        return ProxyWayIn.TryParseTarget(host, port, out TargetAddress? target)
            ? new Arrival(target!) { Opened = Reply(0), Failed = failure => Reply(FailureWords.Socks5(failure)) }
            : throw new HandshakeException("the request names no host and port", Reply(FailureWords.SocksFailure));
    }

    private static async ValueTask<string> ReadHostAsync(ClientSocket client, byte type, CancellationToken cancellationToken) => type switch
    {
        IPv4 => new IPAddress(await client.ReadAsync(4, cancellationToken)).ToString(),
        IPv6 => new IPAddress(await client.ReadAsync(16, cancellationToken)).ToString(),
        Name => Encoding.Latin1.GetString(await client.ReadAsync((await client.ReadAsync(1, cancellationToken))[0], cancellationToken)),
        _ => throw new HandshakeException($"an address of type {type} is asked for", Reply(FailureWords.SocksAddressNotSupported)),
    };

    /// <summary>The address from which the target is dialled is the connector's affair: zeros.</summary>
    private static byte[] Reply(byte code) => [Version, code, 0, IPv4, 0, 0, 0, 0, 0, 0];
}
