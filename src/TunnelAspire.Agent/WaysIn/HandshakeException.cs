namespace TunnelAspire.Agent.WaysIn;

/// <summary>A client's request that is not served.</summary>
/// <param name="message">What was wrong with it. Never a secret.</param>
/// <param name="answer">What the client is told before its connection is closed; may be nothing.</param>
internal sealed class HandshakeException(string message, ReadOnlyMemory<byte> answer = default) : Exception(message)
{
    /// <summary>What the client is told before its connection is closed.</summary>
    public ReadOnlyMemory<byte> Answer { get; } = answer;
}
