using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Net.Sockets;
using TunnelAspire.Protocol.Sockets;

namespace TunnelAspire.Http.Direct;

/// <summary>
/// The answer, straight into the socket: each write is one system call, of the head or a chunk's framing together with the bytes
/// themselves. A buffer is held only while something is written.
/// </summary>
internal sealed class DirectBodyWriter(ReadySocket socket, DirectExchange exchange) : PipeWriter
{
    private const int SmallBuffer = 1024;
    private const int LargeBuffer = (64 * 1024) - SmallBuffer - EndRoom; // with its rooms the size of a pool

    /// <summary>Room before the bytes for a chunk's size, and behind them for its end: <c>FFFFFFFF\r\n…\r\n</c>.</summary>
    private const int SizeRoom = 10;
    private const int EndRoom = 2;

    private byte[] _buffer = [];
    private int _bytes; // what has been advanced over, from _room on
    private int _room;
    private long? _left; // of an answer whose length is known
    private bool _chunked;
    private bool _whole;
    private bool _cut; // a send has not been done, or only half: nothing that follows would make sense

    /// <summary>The answer's head has been sent.</summary>
    public bool Started { get; private set; }

    /// <summary>All that the head promised has been sent.</summary>
    public bool Whole => _whole && !_cut;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _bytes;

    /// <summary>A new answer.</summary>
    public void Begin() => (Started, _whole, _cut, _chunked, _left) = (false, false, false, false, null);

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsMemory(_room + _bytes, _buffer.Length - _room - _bytes - EndRoom);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes) => _bytes += bytes;

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_bytes > 0 || !Started)
        {
            await SendFramedAsync(cancellationToken);
        }

        return default;
    }

    /// <summary>Sends the bytes in one piece with their framing.</summary>
    public override async ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        while (!source.IsEmpty)
        {
            Memory<byte> room = GetMemory(Math.Min(source.Length, LargeBuffer));
            int count = Math.Min(room.Length, source.Length);
            source[..count].CopyTo(room);
            Advance(count);
            source = source[count..];
            await SendFramedAsync(cancellationToken);
        }

        return default;
    }

    /// <summary>Sends the head where nothing has been sent, and what ends a chunked answer.</summary>
    /// <exception cref="InvalidOperationException">Less has been written than the head promised.</exception>
    /// <exception cref="IOException">The answer was cut.</exception>
    public async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        RequireUncut();
        if (Whole && _bytes == 0)
        {
            return; // ended already
        }

        if (_bytes > 0 || !Started)
        {
            await SendFramedAsync(cancellationToken);
        }

        if (_chunked)
        {
            Reserve(0);
            "0\r\n\r\n"u8.CopyTo(_buffer);
            await SendAsync(new(0, 5), cancellationToken);
            _whole = true;
        }

        if (!_whole)
        {
            throw new InvalidOperationException("The answer is shorter than its head said.");
        }
    }

    /// <summary>Gives the buffer back, whatever is in it.</summary>
    public void Release()
    {
        if (_buffer.Length > 0)
        {
            RoomyBuffers.GiveBack(_buffer);
        }

        (_buffer, _bytes, _room) = ([], 0, 0);
    }

    private void Reserve(int sizeHint)
    {
        if (_buffer.Length == 0)
        {
            // The first write carries the head too; where that is too long for its room, the bytes are moved.
            _room = Started ? SizeRoom : SmallBuffer;
            _buffer = RoomyBuffers.Take(Math.Max(sizeHint, SmallBuffer) + _room + EndRoom);
        }
        else if (_buffer.Length - _room - _bytes - EndRoom < Math.Max(sizeHint, 1))
        {
            byte[] larger = RoomyBuffers.Take(_room + _bytes + Math.Max(sizeHint, LargeBuffer) + EndRoom);
            _buffer.AsSpan(0, _room + _bytes).CopyTo(larger);
            RoomyBuffers.GiveBack(_buffer);
            _buffer = larger;
        }
    }

    /// <summary>Puts the head, or a chunk's framing, around the bytes; returns what is to be sent.</summary>
    private Range Frame()
    {
        if (_buffer.Length == 0)
        {
            Reserve(0);
        }

        int start = _room;
        int end = _room + _bytes;
        bool first = !Started;
        if (first)
        {
            Start();
        }

        if (_chunked && _bytes > 0)
        {
            start -= WriteSize(_buffer.AsSpan(0, start), _bytes);
            "\r\n"u8.CopyTo(_buffer.AsSpan(end));
            end += EndRoom;
        }

        if (_left is { } left)
        {
            _left = left - _bytes;
            _whole = _left == 0;
            if (_left < 0)
            {
                throw new InvalidOperationException("The answer is longer than its head said.");
            }
        }

        return first ? PutHead(start, end) : start..end;
    }

    /// <summary>Decides how the body is framed, by what the headers say now.</summary>
    private void Start()
    {
        Started = true;
        _left = exchange.IsBodiless ? 0 : exchange.ResponseHeaders.ContentLength ?? (_bytes == 0 && exchange.Ending ? 0 : null);
        _chunked = _left is null;
    }

    private Range PutHead(int start, int end)
    {
        byte[] head = RoomyBuffers.Take(exchange.MostHeadBytes());
        try
        {
            int length = exchange.WriteHead(head, _chunked, _left is null ? null : _left + _bytes);
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

    private async ValueTask SendFramedAsync(CancellationToken cancellationToken)
    {
        if (!Started)
        {
            await exchange.StartingAsync();
        }

        RequireUncut();
        _cut = true; // also where it cannot be framed
        await SendAsync(Frame(), cancellationToken);
    }

    private void RequireUncut()
    {
        if (_cut)
        {
            throw new IOException("The answer was cut.");
        }
    }

    private async ValueTask SendAsync(Range bytes, CancellationToken cancellationToken)
    {
        _cut = true;
        try
        {
            for (ReadOnlyMemory<byte> rest = _buffer.AsMemory(bytes); !rest.IsEmpty;)
            {
                rest = rest[await socket.PutAsync(rest, cancellationToken)..];
            }

            _cut = false;
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e); // as the web server tells it: a socket's own failure would pass for the target's
        }
        finally
        {
            Release();
        }
    }
}
