using TunnelAspire.Protocol.Carriers;

namespace TunnelAspire.Agent.Sessions;

/// <summary>What came of an open.</summary>
/// <param name="Grant">What it grants.</param>
/// <param name="Ack">All below it of the client's stream has been accepted already.</param>
/// <param name="First">The first bytes of the target, or the place where they will come; null where they were not asked for. The caller disposes it.</param>
public sealed record OpenedSession(SessionGrant Grant, long Ack, ReadAnswer? First);
