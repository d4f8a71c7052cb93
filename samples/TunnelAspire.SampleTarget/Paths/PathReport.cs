namespace TunnelAspire.SampleTarget.Paths;

/// <summary>The answer of <c>/api/path</c>: how this very connection came here.</summary>
/// <param name="ThroughTunnel">False where no connector claims the other end of the connection.</param>
/// <param name="Source">The other end of the connection, as the target sees it.</param>
/// <param name="Connection">Kestrel's id of the connection: as long as it stays, it is the same TCP connection.</param>
/// <param name="Asked">How often this was asked on this connection, this time included.</param>
/// <param name="Session">The session, where the connection came through the tunnel.</param>
/// <param name="Unanswered">Connectors that did not answer within the time.</param>
internal sealed record PathReport(
    bool ThroughTunnel, string Source, string Connection, int Asked, CarriedSession? Session, IReadOnlyList<string> Unanswered);
