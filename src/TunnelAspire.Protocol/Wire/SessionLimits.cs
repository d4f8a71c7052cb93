namespace TunnelAspire.Protocol.Wire;

/// <summary>What both ends of a session hold to; the connector decides, and tells the agent when it opens.</summary>
/// <param name="Window">Bytes kept unacknowledged in each direction at most.</param>
/// <param name="MaxBody">Largest body of one complete message, in bytes.</param>
/// <param name="Hold">How long an empty receive request waits.</param>
/// <param name="Grace">How long a session lives without any request.</param>
public sealed record SessionLimits(int Window, int MaxBody, TimeSpan Hold, TimeSpan Grace)
{
    /// <summary>16 MiB window, 1 MiB bodies, 25 s hold, 120 s grace.</summary>
    public static SessionLimits Default { get; } =
        new(16 * 1024 * 1024, 1024 * 1024, TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(120));
}
