using System.Net;
using System.Net.Sockets;
using TunnelAspire.Connector.Policy;
using TunnelAspire.Protocol.Sockets;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector.Targets;

/// <summary>Connects to targets at the addresses that were decided on, and at no others.</summary>
public static class TargetDialer
{
    /// <summary>Connects to the target, at one address after another.</summary>
    /// <exception cref="TunnelException">It has no address, refuses, or cannot be reached.</exception>
    public static async Task<ReadySocket> DialAsync(Decision decision, CancellationToken cancellationToken)
    {
        TargetAddress target = decision.Target;
        if (decision.Unresolved is { } unresolved)
        {
            throw new TunnelException(TunnelError.TargetNotResolved, $"{target.Host} does not resolve: {unresolved.Message}", unresolved);
        }

        TunnelException? failure = null;
        foreach (EndPoint address in decision.Places)
        {
            try
            {
                return await ReadySocket.ConnectAsync(address, cancellationToken);
            }
            catch (SocketException refusal)
            {
                failure = new TunnelException(Classify(refusal, target), $"{target}{At(address)}: {Reason(refusal, target)}", refusal);
            }
        }

        throw failure ?? new TunnelException(TunnelError.ForbiddenTarget, $"{target} is not among the allowed targets");
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
}
