namespace TunnelAspire.Protocol.Carriers;

/// <summary>A range of the target's stream on its way in.</summary>
/// <param name="offset">Offset of the first byte.</param>
/// <param name="fin">The offset at which the stream ends, where that is known.</param>
/// <param name="length">Length in bytes, or null where it is not known in advance.</param>
/// <param name="body">The bytes, as they arrive. Owned by the answer.</param>
/// <param name="message">What else ends with the answer; owned by it.</param>
/// <remarks>Once it is disposed it holds nothing any more, however long somebody holds it: the open's is in hand as long as its session lives.</remarks>
public sealed class ReadAnswer(long offset, long? fin, long? length, Stream body, IDisposable? message = null) : IAsyncDisposable
{
    private IDisposable? _message = message;

    /// <summary>Offset of the first byte.</summary>
    public long Offset { get; } = offset;

    /// <summary>The offset at which the stream ends, where that is known.</summary>
    public long? Fin { get; } = fin;

    /// <summary>Length in bytes, or null where it is not known in advance.</summary>
    public long? Length { get; } = length;

    /// <summary>The bytes.</summary>
    public Stream Body { get; private set; } = body;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        (Stream read, IDisposable? ended) = (Body, _message);
        (Body, _message) = (Stream.Null, null);
        await read.DisposeAsync();
        ended?.Dispose();
    }
}
