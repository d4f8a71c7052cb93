using System.Buffers;

namespace TunnelAspire.Protocol.Streaming;

/// <summary>
/// A range of a stream on its way out. It keeps its bytes in memory until it is disposed, acknowledged or not;
/// it has one owner, who disposes it once.
/// </summary>
public readonly struct OutboundRange : IDisposable
{
    private readonly Segment? _first;
    private readonly Segment? _last;

    internal OutboundRange(long offset, long? fin)
    {
        Offset = offset;
        Fin = fin;
    }

    internal OutboundRange(long offset, int length, long? fin, Segment first, Segment last)
        : this(offset, fin)
    {
        (Length, _first, _last) = (length, first, last);
        Bytes = new ReadOnlySequence<byte>(first, (int)(offset - first.Start), last, (int)(offset + length - last.Start));
        for (Segment segment = first; ; segment = segment.Following!)
        {
            segment.AddReference();
            if (segment == last)
            {
                break;
            }
        }
    }

    /// <summary>Offset of the first byte.</summary>
    public long Offset { get; }

    /// <summary>Length in bytes; 0 where only the end of the stream is told.</summary>
    public int Length { get; }

    /// <summary>Offset behind the last byte.</summary>
    public long End => Offset + Length;

    /// <summary>The offset at which the stream ends, if it ends with this range.</summary>
    public long? Fin { get; }

    /// <summary>The bytes.</summary>
    public ReadOnlySequence<byte> Bytes { get; }

    /// <summary>Lets go of the bytes.</summary>
    public void Dispose()
    {
        Segment? segment = _first;
        while (segment is not null)
        {
            Segment? following = segment == _last ? null : segment.Following;
            segment.Release();
            segment = following;
        }
    }
}
