using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.WaysIn;

/// <summary>A client that has said where its connection is to lead, and how it wants to be answered.</summary>
/// <param name="Target">Where it leads.</param>
public sealed record Arrival(TargetAddress Target)
{
    /// <summary>What the client is told when the session is open. Nothing: the target speaks next.</summary>
    public ReadOnlyMemory<byte> Opened { get; init; }

    /// <summary>What the client is told when the session cannot be opened. Null: its connection is reset.</summary>
    public Func<Exception, ReadOnlyMemory<byte>>? Failed { get; init; }

    /// <summary>Bytes that go to the target before those that the client sends from now on.</summary>
    public ReadOnlyMemory<byte> First { get; init; }
}
