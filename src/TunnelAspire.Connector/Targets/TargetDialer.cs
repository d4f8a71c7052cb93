using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector.Targets;

/// <summary>Connects to targets that the allow-list names, and to no others.</summary>
public sealed class TargetDialer
{
    private readonly TargetPattern[] _allowed;
    private readonly TimeSpan _timeout;

    /// <summary>Reads the allow-list.</summary>
    /// <exception cref="FormatException">A pattern is wrong.</exception>
    public TargetDialer(IOptions<ConnectorOptions> options)
    {
        _allowed = [.. options.Value.Allow.SelectMany(entry => entry.Split(',', StringSplitOptions.TrimEntries)).Select(TargetPattern.Parse)];
        _timeout = options.Value.ConnectTimeout;
    }

    /// <summary>Connects to the target.</summary>
    /// <exception cref="TunnelException">It is forbidden, has no address, refuses, or does not answer in time.</exception>
    public async Task<Socket> DialAsync(TargetAddress target, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_timeout);
        try
        {
            return target.IsUnix
                ? await ConnectAsync(target, [AllowedPath(target)], limit.Token)
                : await ConnectAsync(target, await AllowedAddressesAsync(target, limit.Token), limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time limit's cancellation, not the caller's.
            throw new TunnelException(TunnelError.TargetTimedOut, $"{target} did not answer within {_timeout.TotalSeconds:0.#} s");
        }
    }

    private UnixDomainSocketEndPoint AllowedPath(TargetAddress target) =>
        _allowed.Any(pattern => pattern.AllowsPath(target)) ? new UnixDomainSocketEndPoint(target.Host) : throw Forbidden(target);

    /// <summary>The addresses at which the target may be dialled. Names are resolved once, here: what was checked is what is dialled.</summary>
    private async Task<EndPoint[]> AllowedAddressesAsync(TargetAddress target, CancellationToken cancellationToken)
    {
        bool byName = _allowed.Any(pattern => pattern.AllowsName(target));
        bool literal = IPAddress.TryParse(target.Host, out IPAddress? address);
        if (!byName && !literal && !_allowed.Any(pattern => pattern.IsNetwork))
        {
            throw Forbidden(target);
        }

        IPAddress[] addresses = literal ? [address!] : await ResolveAsync(target, byName, cancellationToken);
        IPAddress[] allowed = byName
            ? addresses
            : [.. addresses.Where(candidate => _allowed.Any(pattern => pattern.AllowsAddress(candidate, target.Port)))];
        return allowed.Length > 0 ? [.. allowed.Select(candidate => new IPEndPoint(candidate, target.Port))] : throw Forbidden(target);
    }

    private static async Task<IPAddress[]> ResolveAsync(TargetAddress target, bool byName, CancellationToken cancellationToken)
    {
        try
        {
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(target.Host, cancellationToken);
            return addresses.Length > 0 ? addresses : throw new SocketException((int)SocketError.HostNotFound);
        }
        catch (SocketException e)
        {
            // A name that no pattern names is refused the same whether it resolves or not: the answer is no directory of names.
            throw byName ? new TunnelException(TunnelError.TargetNotResolved, $"{target.Host} does not resolve: {e.Message}", e) : Forbidden(target);
        }
    }

    private static async Task<Socket> ConnectAsync(TargetAddress target, EndPoint[] addresses, CancellationToken cancellationToken)
    {
        TunnelException? failure = null;
        foreach (EndPoint address in addresses)
        {
            Socket socket = address is IPEndPoint
                ? new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
                : new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(address, cancellationToken);
                return socket;
            }
            catch (Exception e)
            {
                socket.Dispose();
                if (e is not SocketException refusal)
                {
                    throw;
                }

                failure = new TunnelException(Classify(refusal, target), $"{target}{At(address)}: {Reason(refusal, target)}", refusal);
            }
        }

        throw failure!;
    }

    private static string Reason(SocketException e, TargetAddress target) =>
        e.SocketErrorCode == SocketError.AddressNotAvailable && target.IsUnix ? "No such socket" : e.Message;

    private static string At(EndPoint address) => address is IPEndPoint ip ? $" at {ip.Address}" : "";

    private static TunnelError Classify(SocketException e, TargetAddress target) => e.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => TunnelError.TargetRefused,
        SocketError.AddressNotAvailable when target.IsUnix => TunnelError.TargetRefused, // no such file: nobody listens
        SocketError.TimedOut => TunnelError.TargetTimedOut,
        _ => TunnelError.TargetUnreachable,
    };

    private static TunnelException Forbidden(TargetAddress target) =>
        new(TunnelError.ForbiddenTarget, $"{target} is not among the allowed targets");
}
