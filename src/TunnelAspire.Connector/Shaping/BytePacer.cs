namespace TunnelAspire.Connector.Shaping;

/// <summary>Paces bytes to a rate, in the order in which they are asked for; several sessions share one.</summary>
/// <remarks>
/// A token bucket without the bucket (the generic cell rate algorithm): all that is kept is the moment at which everything asked
/// for so far will have been paid. So it needs no timer, and nothing while nobody asks. A quarter of a second's bytes are free
/// after a pause: bytes in any span of time are at most rate × time + rate / 4.
/// </remarks>
public sealed class BytePacer(long bytesPerSecond, TimeProvider time)
{
    private const int PiecesPerSecond = 16;
    private const int LargestPiece = 1024 * 1024;
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    private readonly long _burst = time.TimestampFrequency / 4;

    // Guards _paid.
    private readonly Lock _lock = new();
    private long _paid = long.MinValue / 2; // a timestamp

    /// <summary>The rate.</summary>
    public long BytesPerSecond => bytesPerSecond;

    /// <summary>Most bytes to ask for at once, so that those who share the rate take turns.</summary>
    public int Piece { get; } = (int)Math.Min(bytesPerSecond / PiecesPerSecond, LargestPiece);

    /// <summary>Asks for <paramref name="bytes"/>, at most <see cref="Piece"/>; returns the timestamp from which on they may move.</summary>
    public long Ask(int bytes)
    {
        lock (_lock)
        {
            _paid = Math.Max(_paid, time.GetTimestamp() - _burst) + Price(bytes);
            return _paid;
        }
    }

    /// <summary>Gives back what was asked for and not used.</summary>
    public void Return(int bytes)
    {
        lock (_lock)
        {
            _paid -= Price(bytes);
        }
    }

    /// <summary>Waits until the timestamp.</summary>
    public async Task WaitUntilAsync(long timestamp, CancellationToken cancellationToken)
    {
        while (time.GetElapsedTime(time.GetTimestamp(), timestamp) is var wait && wait > TimeSpan.Zero)
        {
            await Task.Delay(wait < Shortest ? Shortest : wait, time, cancellationToken); // the system's timers drop what is less than a millisecond
        }
    }

    private long Price(int bytes) => (long)((double)bytes / bytesPerSecond * time.TimestampFrequency);
}
