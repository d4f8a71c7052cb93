namespace TunnelAspire.Protocol.Streaming;

/// <summary>Where a direction's bytes come from: a socket's reading side, or a test's.</summary>
public interface IByteSource
{
    /// <summary>Waits until a read would not wait: bytes are there, or the end, or an error. Takes nothing and holds no buffer.</summary>
    ValueTask WaitAsync(CancellationToken cancellationToken);

    /// <summary>How many bytes can be read now; 0 at the end of the stream, on an error, or when it is not known.</summary>
    int Available { get; }

    /// <summary>
    /// Reads what is there, at least one byte, and waits for it; 0 is the end of the stream. A read that does not fill the
    /// destination has taken all there was. One that is cancelled has taken nothing.
    /// </summary>
    ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken);
}
