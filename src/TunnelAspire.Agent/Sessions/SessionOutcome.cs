using System.Net.Sockets;
using TunnelAspire.Agent.WaysIn;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Sessions;

/// <summary>What ended a session, in one word: for metrics, logs and the connector.</summary>
public static class SessionOutcome
{
    /// <summary>The word for <paramref name="ended"/>; null is an orderly end of both directions.</summary>
    public static string Code(Exception? ended) => ended switch
    {
        null => "closed",
        TunnelException { InnerException: not null } => "lost",
        TunnelException refusal => refusal.Error.Code(),
        CarrierException failure => failure.Fault.ToString().ToLowerInvariant(),
        HandshakeException => "handshake",
        SocketException or IOException => "client-reset",
        OperationCanceledException => "agent-stopped",
        _ => "internal",
    };
}
