namespace TunnelAspire.Protocol.Wire;

/// <summary>Header names of the protocol. docs/protocol.md says which message carries which.</summary>
public static class TunnelHeaders
{
    /// <summary>On every answer: the protocol's version. An answer without it was made by somebody in between.</summary>
    public const string Version = "Tunnel-Version";

    /// <summary>On every answer of a session: its id. An answer with another id is foreign.</summary>
    public const string Session = "Tunnel-Session";

    /// <summary>On every answer: the <c>n</c> of the request, so that a cached answer shows itself.</summary>
    public const string Request = "Tunnel-Request";

    /// <summary>The session's secret, in the answer to the open and in every request after it.</summary>
    public const string Token = "Tunnel-Token";

    /// <summary>The opener's secret key: an open with the same key opens the same session, so it may be repeated.</summary>
    public const string OpenKey = "Tunnel-Open-Key";

    /// <summary>Offset of the first byte of an answer's body, in the target's stream.</summary>
    public const string Offset = "Tunnel-Offset";

    /// <summary>All bytes of the client's stream below this offset have been accepted.</summary>
    public const string Ack = "Tunnel-Ack";

    /// <summary>The target's stream ends at this offset.</summary>
    public const string Fin = "Tunnel-Fin";

    /// <summary>The error's code, one of <see cref="TunnelError"/>; the problem document repeats it.</summary>
    public const string Error = "Tunnel-Error";

    /// <summary>Bytes that a side keeps unacknowledged at most.</summary>
    public const string Window = "Tunnel-Window";

    /// <summary>Largest body of one message, in bytes.</summary>
    public const string MaxBody = "Tunnel-Max-Body";

    /// <summary>How long an empty receive request waits, in milliseconds.</summary>
    public const string Hold = "Tunnel-Hold";

    /// <summary>How long a session lives without any request, in milliseconds.</summary>
    public const string Grace = "Tunnel-Grace";

    /// <summary>The connector that holds the session.</summary>
    public const string Connector = "Tunnel-Connector";

    /// <summary>Relay to connector: which run of the connector is meant. Another run refuses.</summary>
    public const string Epoch = "Tunnel-Epoch";

    /// <summary>Relay to connector: the relay's name. On answers: the relay that carried it.</summary>
    public const string Relay = "Tunnel-Relay";

    /// <summary>Relay to connector, at the open: the agent's address as the relay saw it.</summary>
    public const string Agent = "Tunnel-Agent";

    /// <summary>Relay to connector: proves that the relay belongs to the connector's cluster. What else it says about the request counts only with it.</summary>
    public const string Proof = "Tunnel-Proof";

    /// <summary>Relay to connector, at an open: the name of the caller, percent-encoded.</summary>
    public const string Caller = "Tunnel-Caller";

    /// <summary>Relay to connector, at an open: the caller's roles, each percent-encoded, with commas between.</summary>
    public const string Roles = "Tunnel-Roles";

    /// <summary>The version spoken here.</summary>
    public const string CurrentVersion = "1";
}
