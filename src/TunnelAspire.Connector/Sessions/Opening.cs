using TunnelAspire.Connector.Policy;
using TunnelAspire.Http.Identity;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector.Sessions;

/// <summary>What an open asks for, and who asks.</summary>
/// <param name="Session">The session's id.</param>
/// <param name="Target">Where it is to lead.</param>
/// <param name="Caller">Who asks.</param>
public sealed record Opening(SessionId Session, TargetAddress Target, Caller Caller)
{
    /// <summary>The agent's address as the relay saw it; null where it is not known.</summary>
    public string? Agent { get; init; }

    /// <summary>The relay that has brought it; null where none has.</summary>
    public string? Relay { get; init; }

    /// <summary>What the policy decided on it; null before that, and where something else has refused it. Set once, by the admission.</summary>
    public Decision? Decision { get; set; }
}
