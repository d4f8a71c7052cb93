namespace TunnelAspire.Protocol.Wire;

/// <summary>An error of the protocol, thrown where it is found and turned into an answer, or a reset, at the edge.</summary>
/// <param name="error">Which one.</param>
/// <param name="detail">What was wrong, for the one who reads the log or the answer. Never a secret, never payload.</param>
/// <param name="inner">What caused it, if anything.</param>
public sealed class TunnelException(TunnelError error, string detail, Exception? inner = null) : Exception(detail, inner)
{
    /// <summary>Which error of the closed list this is.</summary>
    public TunnelError Error { get; } = error;

    /// <summary>The audit has a record of it.</summary>
    public bool IsRecorded { get; set; }
}
