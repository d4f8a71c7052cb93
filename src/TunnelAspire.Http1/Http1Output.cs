using System.Buffers;
using System.Buffers.Text;
using System.Net.Sockets;
using TunnelAspire.Protocol.Sockets;

namespace TunnelAspire.Http1;

/// <summary>
/// A request on its way out. What is small is gathered, so that a request is one system call; what is large goes past the buffer. A
/// buffer is held only while something waits in it.
/// </summary>
internal sealed class Http1Output(ReadyConnection connection) : Stream, IBufferWriter<byte>
{
    private const int Size = 4 * 1024;
    private const int MostGathered = 16 * 1024; // to copy that much takes less time than another system call
    private const int ChunkRoom = 12; // FFFFFFFF, and the two line ends around a chunk's bytes

    private byte[] _buffer = [];
    private int _count;
    private long _left; // of a body whose length is known
    private bool _chunked;

    /// <summary>What follows cannot be sent, or need not: an answer may be there nevertheless.</summary>
    public bool Failed { get; private set; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>A body begins, of <paramref name="length"/> bytes; null: in chunks. What was written before is its head.</summary>
    public void Begin(long? length) => (_chunked, _left) = (length is null, length ?? 0);

    /// <summary>Ends the body, and sends what waits.</summary>
    /// <exception cref="HttpRequestException">It is shorter than it was to be.</exception>
    public ValueTask EndAsync(CancellationToken cancellationToken)
    {
        if (_chunked)
        {
            Append("0\r\n\r\n"u8);
        }
        else if (_left > 0)
        {
            throw new HttpRequestException($"the body is {_left} bytes shorter than its head said");
        }

        return SendGatheredAsync(cancellationToken);
    }

    /// <summary>Nothing more is sent. What is under way ends with the connection.</summary>
    public void Abandon() => Failed = true;

    /// <summary>Gives the buffer back, and what is in it.</summary>
    public void Release()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        (_buffer, _count) = ([], 0);
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_buffer.Length - _count < Math.Max(sizeHint, 1))
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(Size, 2 * (_count + sizeHint)));
            int count = _count;
            _buffer.AsSpan(0, count).CopyTo(larger);
            Release();
            (_buffer, _count) = (larger, count);
        }

        return _buffer.AsMemory(_count);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Advance(int count) => _count += count;

    /// <summary>Writes a part of the body; a chunk of its own, where it comes in chunks.</summary>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return;
        }

        if (!_chunked)
        {
            _left = _left >= buffer.Length ? _left - buffer.Length : throw new HttpRequestException("the body is longer than its head said");
            await PutAsync(buffer, cancellationToken);
            return;
        }

        _ = Utf8Formatter.TryFormat(buffer.Length, GetSpan(ChunkRoom), out int digits, new StandardFormat('x'));
        Advance(digits);
        Append("\r\n"u8);
        await PutAsync(buffer, cancellationToken);
        Append("\r\n"u8);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => SendGatheredAsync(cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        Advance(bytes.Length);
    }

    /// <summary>Gathers the bytes where they fit; else fills up what is gathered and sends the rest from where it lies.</summary>
    private async ValueTask PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_count + bytes.Length + ChunkRoom <= Math.Max(MostGathered, _buffer.Length))
        {
            Append(bytes.Span);
            return;
        }

        int room = Math.Max(Math.Max(Size, _buffer.Length) - _count - ChunkRoom, 0);
        Append(bytes.Span[..room]);
        await SendGatheredAsync(cancellationToken);
        await SendAsync(bytes[room..], cancellationToken);
    }

    private async ValueTask SendGatheredAsync(CancellationToken cancellationToken)
    {
        if (_count > 0)
        {
            await SendAsync(_buffer.AsMemory(0, _count), cancellationToken);
        }

        Release();
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                if (Failed)
                {
                    throw new IOException("the server has refused the request");
                }

                bytes = bytes[await connection.PutAsync(bytes, cancellationToken)..];
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Failed = true;
            throw new IOException(e.Message, e); // as the framework's client tells it: a socket's own failure would pass for the content's
        }
    }
}
