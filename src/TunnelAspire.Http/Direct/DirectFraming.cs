using System.Buffers;
using System.Buffers.Text;

namespace TunnelAspire.Http.Direct;

/// <summary>
/// Gathers an answer's bytes and puts its framing around them: the head before the first, by which the length is known or the body
/// comes in chunks, then each chunk's size (RFC 9112 sections 6 and 7.1). All of it lies in one buffer, with room left for the framing.
/// </summary>
internal sealed class DirectFraming(DirectExchange exchange)
{
    /// <summary>The most bytes of a body that should be gathered at a time: with their rooms they fill one of the pool's arrays.</summary>
    public const int MostBody = (64 * 1024) - HeadRoom - EndRoom;

    /// <summary>Bytes of room for the head; a longer one has the body moved.</summary>
    private const int HeadRoom = 1024;

    /// <summary>Room before the bytes for a chunk's size, and behind them for its end: <c>FFFFFFFF\r\n…\r\n</c>.</summary>
    private const int SizeRoom = 10;
    private const int EndRoom = 2;
    private const int LeastBody = 1024;

    private byte[] _buffer = [];
    private int _room; // where the body begins
    private long? _left; // of an answer whose length is known
    private bool _chunked;

    /// <summary>Bytes of the body that have been gathered.</summary>
    public int Gathered { get; private set; }

    /// <summary>The head has been made.</summary>
    public bool Started { get; private set; }

    /// <summary>All that the head promised has been framed.</summary>
    public bool Whole { get; private set; }

    /// <summary>A new answer.</summary>
    public void Begin() => (Started, Whole, _chunked, _left) = (false, false, false, null);

    /// <summary>Memory for the body's next bytes.</summary>
    public Memory<byte> GetMemory(int sizeHint)
    {
        Reserve(sizeHint);
        return _buffer.AsMemory(_room + Gathered, _buffer.Length - _room - Gathered - EndRoom);
    }

    /// <summary>The first <paramref name="bytes"/> of that memory are the body's next ones.</summary>
    public void Advance(int bytes) => Gathered += bytes;

    /// <summary>What has been gathered, with the head or a chunk's framing around it. It stays valid until <see cref="Release"/>.</summary>
    /// <exception cref="InvalidOperationException">It is more than the head promised.</exception>
    public ReadOnlyMemory<byte> Frame()
    {
        if (_buffer.Length == 0)
        {
            Reserve(0);
        }

        int start = _room;
        int end = _room + Gathered;
        bool first = !Started;
        if (first)
        {
            Start();
        }

        if (_chunked && Gathered > 0)
        {
            start -= WriteSize(_buffer.AsSpan(0, start), Gathered);
            "\r\n"u8.CopyTo(_buffer.AsSpan(end));
            end += EndRoom;
        }

        if (_left is { } left)
        {
            _left = left - Gathered;
            Whole = _left == 0;
            if (_left < 0)
            {
                throw new InvalidOperationException("The answer is longer than its head said.");
            }
        }

        return _buffer.AsMemory(first ? PutHead(start, end) : start..end);
    }

    /// <summary>What ends the answer: a last chunk, or nothing where its length is known.</summary>
    /// <exception cref="InvalidOperationException">Less has been framed than the head promised.</exception>
    public ReadOnlyMemory<byte> End()
    {
        if (!_chunked)
        {
            return Whole ? default(ReadOnlyMemory<byte>) : throw new InvalidOperationException("The answer is shorter than its head said.");
        }

        Reserve(0);
        "0\r\n\r\n"u8.CopyTo(_buffer);
        Whole = true;
        return _buffer.AsMemory(0, 5);
    }

    /// <summary>Gives the buffer back, whatever is in it.</summary>
    public void Release()
    {
        if (_buffer.Length > 0)
        {
            RoomyBuffers.GiveBack(_buffer);
        }

        (_buffer, Gathered, _room) = ([], 0, 0);
    }

    private void Reserve(int sizeHint)
    {
        if (_buffer.Length == 0)
        {
            _room = Started ? SizeRoom : HeadRoom;
            _buffer = RoomyBuffers.Take(Math.Max(sizeHint, LeastBody) + _room + EndRoom);
        }
        else if (_buffer.Length - _room - Gathered - EndRoom < Math.Max(sizeHint, 1))
        {
            byte[] larger = RoomyBuffers.Take(_room + Gathered + Math.Max(sizeHint, MostBody) + EndRoom);
            _buffer.AsSpan(0, _room + Gathered).CopyTo(larger);
            RoomyBuffers.GiveBack(_buffer);
            _buffer = larger;
        }
    }

    /// <summary>Decides how the body is framed, by what the headers say now.</summary>
    private void Start()
    {
        Started = true;
        _left = exchange.IsBodiless ? 0 : exchange.ResponseHeaders.ContentLength ?? (Gathered == 0 && exchange.Ending ? 0 : null);
        _chunked = _left is null;
    }

    private Range PutHead(int start, int end)
    {
        byte[] head = RoomyBuffers.Take(exchange.MostHeadBytes());
        try
        {
            int length = exchange.WriteHead(head, _chunked, _left is null ? null : _left + Gathered);
            if (length > start)
            {
                byte[] larger = RoomyBuffers.Take(length + end - start);
                _buffer.AsSpan(start..end).CopyTo(larger.AsSpan(length));
                RoomyBuffers.GiveBack(_buffer);
                (_buffer, start, end) = (larger, length, length + end - start);
            }

            head.AsSpan(0, length).CopyTo(_buffer.AsSpan(start - length));
            return (start - length)..end;
        }
        finally
        {
            RoomyBuffers.GiveBack(head);
        }
    }

    /// <summary>Writes <c>size\r\n</c> at the end of <paramref name="room"/>; returns how long it is.</summary>
    private static int WriteSize(Span<byte> room, int size)
    {
        Span<byte> text = stackalloc byte[SizeRoom];
        _ = Utf8Formatter.TryFormat(size, text, out int digits, new StandardFormat('x'));
        "\r\n"u8.CopyTo(text[digits..]);
        text[..(digits + 2)].CopyTo(room[^(digits + 2)..]);
        return digits + 2;
    }
}
