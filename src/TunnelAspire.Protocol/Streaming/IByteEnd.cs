namespace TunnelAspire.Protocol.Streaming;

/// <summary>A connection's end: the source of one direction and the sink of the other. Disposing closes it; what was written is still delivered.</summary>
public interface IByteEnd : IByteSource, IByteSink, IDisposable
{
    /// <summary>Ends the connection at once: what is under way in either direction is void, and whatever waits on it is released.</summary>
    void Reset();
}
