using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Sessions;

/// <summary>What the answer to an open grants.</summary>
/// <param name="Id">The session's id.</param>
/// <param name="Token">The secret that admits requests to it.</param>
/// <param name="Limits">What both ends hold to.</param>
/// <param name="Connector">The connector that holds it.</param>
public sealed record SessionGrant(SessionId Id, string Token, SessionLimits Limits, string Connector);
