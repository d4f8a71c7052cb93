namespace TunnelAspire.Protocol.Wire;

/// <summary>
/// Every error that crosses the wire. <see cref="TunnelErrors"/> maps each to its code, HTTP status and consequence.
/// </summary>
public enum TunnelError
{
    /// <summary>The request breaks the protocol: a bad offset, an ack beyond what was sent, a changed end.</summary>
    Malformed,

    /// <summary>The path exists, the verb does not.</summary>
    MethodNotAllowed,

    /// <summary>The body's media type is not one that carries TCP bytes.</summary>
    UnsupportedMediaType,

    /// <summary>The caller did not prove who it is.</summary>
    Unauthenticated,

    /// <summary>Whether the caller is who it says cannot be found out now: its issuer is out of reach.</summary>
    IdentityUnavailable,

    /// <summary>The request does not come from a relay of the connector's cluster.</summary>
    UntrustedRelay,

    /// <summary>The target is not on the allow-list; it was not dialled.</summary>
    ForbiddenTarget,

    /// <summary>The target's name has no address.</summary>
    TargetNotResolved,

    /// <summary>The target refused the connection.</summary>
    TargetRefused,

    /// <summary>The target did not answer in time.</summary>
    TargetTimedOut,

    /// <summary>No way leads to the target.</summary>
    TargetUnreachable,

    /// <summary>The target reset the connection.</summary>
    TargetReset,

    /// <summary>No live connector takes new sessions.</summary>
    NoConnector,

    /// <summary>The session's connector does not answer; it may only be out of reach.</summary>
    ConnectorUnreachable,

    /// <summary>No route names the session, or the token is not its own. A lost route comes back within the lease.</summary>
    SessionUnknown,

    /// <summary>The session is over.</summary>
    SessionGone,

    /// <summary>The session is over: it has lasted as long as its rule lets it.</summary>
    SessionExpired,

    /// <summary>A newer generation of readers has taken over.</summary>
    Superseded,

    /// <summary>Bytes before the offset are missing; the answer tells the true ack.</summary>
    OffsetGap,

    /// <summary>The body is larger than the session's limit.</summary>
    BodyTooLarge,

    /// <summary>A limit of sessions or requests is reached.</summary>
    TooMany,

    /// <summary>The memory for bytes on their way is used up: no new sessions for now.</summary>
    Overloaded,

    /// <summary>This component is stopping and takes no new sessions.</summary>
    Draining,

    /// <summary>Redis is out of reach, so sessions cannot be opened or found.</summary>
    RoutingUnavailable,

    /// <summary>A fault in the tunnel itself.</summary>
    Internal,
}
