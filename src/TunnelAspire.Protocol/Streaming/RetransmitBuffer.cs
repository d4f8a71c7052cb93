namespace TunnelAspire.Protocol.Streaming;

/// <summary>
/// The bytes of a stream from its lowest unacknowledged offset to its end. Bytes are kept until acknowledged, never until sent.
/// Not safe for concurrent use: <see cref="SendSequence"/> guards it with its lock.
/// </summary>
internal sealed class RetransmitBuffer(StreamBudget budget)
{
    private const int MinSegment = 512;
    private const int LeastFree = 512;
    private const int MaxSegment = 256 * 1024;

    private Segment? _head;
    private Segment? _tail;
    private Segment? _reserved;
    private Segment? _cursor;

    /// <summary>All below it has been acknowledged.</summary>
    public long Start { get; private set; }

    /// <summary>Offset behind the last byte.</summary>
    public long End { get; private set; }

    /// <summary>No memory is rented here.</summary>
    public bool HoldsNothing => _head is null;

    /// <summary>
    /// Memory for the next bytes, for about <paramref name="expected"/> of them and for <paramref name="most"/> at the most.
    /// It stays valid until <see cref="Commit"/>, whatever is acknowledged in the meantime.
    /// </summary>
    /// <remarks>
    /// The last segment is filled up first, as long as its rest is worth a read: what is held is not much more than the bytes that
    /// are unacknowledged, however small the pieces in which they came.
    /// </remarks>
    public Memory<byte> Reserve(int expected, int most)
    {
        if (_tail is null || _tail.Free == 0 || (_tail.Free < LeastFree && _tail.Free < most) || (_tail.Free < expected && _tail.Free < _tail.Capacity / 8))
        {
            int size = Math.Max(Math.Min(expected, most), (int)Math.Min(End - Start, MaxSegment / 4));
            Segment segment = Segment.Rent(End, Math.Clamp(size, MinSegment, MaxSegment), budget);
            _tail?.Append(segment);
            _head ??= segment;
            _tail = segment;
        }

        _reserved = _tail;
        _reserved.AddReference();
        return _tail.FreeMemory(most);
    }

    /// <summary>The first <paramref name="count"/> bytes of the reserved memory are the stream's next ones.</summary>
    public void Commit(int count)
    {
        _reserved!.Commit(count);
        End += count;
        _reserved.Release();
        _reserved = null;
        DropAcknowledged();
    }

    /// <summary>Everything below <paramref name="offset"/> has arrived.</summary>
    public void Acknowledge(long offset)
    {
        Start = Math.Max(Start, offset);
        DropAcknowledged();
    }

    /// <summary>The bytes [<paramref name="offset"/>, <paramref name="offset"/> + <paramref name="length"/>), which must be held here.</summary>
    public OutboundRange Range(long offset, int length, long? fin)
    {
        Segment first = _cursor is not null && _cursor.Start <= offset ? _cursor : _head!;
        while (first.End <= offset)
        {
            first = first.Following!;
        }

        Segment last = first;
        while (last.End < offset + length)
        {
            last = last.Following!;
        }

        _cursor = last;
        return new OutboundRange(offset, length, fin, first, last);
    }

    /// <summary>Lets go of everything.</summary>
    public void Clear()
    {
        Start = End;
        DropAcknowledged();
    }

    private void DropAcknowledged()
    {
        while (_head is not null && _head != _reserved && _head.End <= Start)
        {
            Segment head = _head;
            _head = head.Following;
            if (_head is null)
            {
                _tail = null;
            }

            if (_cursor == head)
            {
                _cursor = null;
            }

            head.Release();
        }
    }
}
