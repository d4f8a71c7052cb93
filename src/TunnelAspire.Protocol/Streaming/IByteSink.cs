namespace TunnelAspire.Protocol.Streaming;

/// <summary>Where a direction's bytes go to: a socket's writing side, or a test's.</summary>
public interface IByteSink
{
    /// <summary>
    /// Writes some of <paramref name="bytes"/> and says how many, at least one. It takes no cancellation:
    /// a write cut off half-way would leave it unknown how many bytes went out. Only the sink's own end releases it.
    /// </summary>
    ValueTask<int> WriteAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>No more bytes follow: a half-close.</summary>
    void Finish();
}
