namespace TunnelAspire.Connector.Sessions;

/// <summary>Why a session ended; the value of the metric's <c>reason</c>.</summary>
public enum SessionEndReason
{
    /// <summary>Both directions ended, and the agent said so.</summary>
    Closed,

    /// <summary>The agent ended it before both directions had.</summary>
    Aborted,

    /// <summary>The target reset the connection.</summary>
    TargetReset,

    /// <summary>No request came for the grace time.</summary>
    Abandoned,

    /// <summary>No byte moved for the idle limit.</summary>
    Idle,

    /// <summary>It had lasted as long as its rule lets it.</summary>
    Expired,

    /// <summary>A request broke the protocol.</summary>
    ProtocolError,

    /// <summary>The connector stopped, and the drain deadline had passed.</summary>
    Drained,
}
