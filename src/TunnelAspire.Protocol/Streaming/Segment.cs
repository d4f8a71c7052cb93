using System.Buffers;
using System.Collections.Concurrent;

namespace TunnelAspire.Protocol.Streaming;

/// <summary>
/// A pooled stretch of a stream. Its bytes belong to whoever holds a reference: the retransmit buffer holds one until they are
/// acknowledged, each range that is being sent holds one until it is disposed. The last one to let go returns the memory,
/// so a slow send on a dead connection never reads memory that another session has been given.
/// </summary>
internal sealed class Segment : ReadOnlySequenceSegment<byte>
{
    private const int MaxCached = 1024;
    private static readonly ConcurrentQueue<Segment> Cache = new();

    private byte[] _array = [];
    private StreamBudget? _budget;
    private int _references;

    /// <summary>Offset of the first byte in the stream.</summary>
    public long Start => RunningIndex;

    /// <summary>Offset behind the last byte that was committed.</summary>
    public long End => RunningIndex + Memory.Length;

    /// <summary>Bytes that it has room for.</summary>
    public int Capacity => _array.Length;

    /// <summary>Bytes that can still be committed.</summary>
    public int Free => _array.Length - Memory.Length;

    /// <summary>The segment that follows.</summary>
    public Segment? Following => (Segment?)Next;

    /// <summary>Rents a segment for at least <paramref name="size"/> bytes from offset <paramref name="start"/> on, out of <paramref name="budget"/>; the caller holds its first reference.</summary>
    public static Segment Rent(long start, int size, StreamBudget budget)
    {
        if (!Cache.TryDequeue(out Segment? segment))
        {
            segment = new Segment();
        }

        segment._array = ArrayPool<byte>.Shared.Rent(size);
        segment._budget = budget;
        budget.Rented(segment._array.Length);
        segment._references = 1;
        segment.RunningIndex = start;
        segment.Memory = ReadOnlyMemory<byte>.Empty;
        return segment;
    }

    /// <summary>The memory that may be written before <see cref="Commit"/>.</summary>
    public Memory<byte> FreeMemory(int most) => _array.AsMemory(Memory.Length, Math.Min(Free, most));

    /// <summary>The first <paramref name="count"/> bytes of the free memory have been written.</summary>
    public void Commit(int count) => Memory = _array.AsMemory(0, Memory.Length + count);

    /// <summary>Says which segment follows; this one must not be committed to any more.</summary>
    public void Append(Segment next) => Next = next;

    public void AddReference() => Interlocked.Increment(ref _references);

    public void Release()
    {
        if (Interlocked.Decrement(ref _references) > 0)
        {
            return;
        }

        _budget!.Returned(_array.Length);
        ArrayPool<byte>.Shared.Return(_array);
        _array = [];
        Memory = ReadOnlyMemory<byte>.Empty;
        Next = null;
        if (Cache.Count < MaxCached)
        {
            Cache.Enqueue(this);
        }
    }
}
