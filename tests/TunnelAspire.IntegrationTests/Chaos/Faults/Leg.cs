using System.Net.Sockets;

namespace TunnelAspire.IntegrationTests.Chaos.Faults;

/// <summary>One of the two connections of a proxied one: reads heads and bodies, and can be cut after so many bytes in either direction.</summary>
internal sealed class Leg(Socket socket) : IDisposable
{
    private readonly byte[] _buffer = new byte[32 * 1024];
    private int _begin;
    private int _end;
    private Task? _watch;
    private long _mayRead = long.MaxValue;
    private long _mayWrite = long.MaxValue;

    /// <summary>Bytes that have come and are not taken yet.</summary>
    private ReadOnlyMemory<byte> Here => _buffer.AsMemory(_begin, _end - _begin);

    /// <summary>The connection breaks after so many bytes more in one of the directions.</summary>
    public void CutAfter(long bytes, bool reading)
    {
        if (reading)
        {
            _mayRead = bytes;
        }
        else
        {
            _mayWrite = bytes;
        }
    }

    /// <summary>The next message's head; null where the connection ends before it.</summary>
    public async Task<MessageHead?> HeadAsync(CancellationToken cancellationToken)
    {
        if (_watch is not null)
        {
            await _watch.WaitAsync(cancellationToken);
            _watch = null;
        }

        while (true)
        {
            int length = Here.Span.IndexOf("\r\n\r\n"u8);
            if (length >= 0)
            {
                MessageHead head = MessageHead.Parse(Here.Span[..(length + 4)]);
                _begin += length + 4;
                return head;
            }

            if (!await FillAsync(cancellationToken))
            {
                return null;
            }
        }
    }

    /// <summary>The next bytes of a body, valid until the next call; empty at its end.</summary>
    /// <param name="body">Knows where it ends; null: with the connection.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<ReadOnlyMemory<byte>> BodyAsync(BodyScanner? body, CancellationToken cancellationToken)
    {
        if (body?.Done == true)
        {
            return default;
        }

        if (Here.IsEmpty && !await FillAsync(cancellationToken))
        {
            return body is null ? default : throw new IOException("the connection ended in the midst of a body");
        }

        ReadOnlyMemory<byte> part = Here;
        part = part[..(body?.Take(part.Span) ?? part.Length)];
        _begin += part.Length;
        return part;
    }

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        bool cut = bytes.Length > _mayWrite;
        bytes = cut ? bytes[..(int)_mayWrite] : bytes;
        _mayWrite -= bytes.Length;
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, cancellationToken)..];
        }

        if (cut)
        {
            throw new IOException("cut on purpose");
        }
    }

    /// <summary>Completes when the peer ends the connection, or sends what nobody has asked for.</summary>
    public Task LeftAsync()
    {
        _watch ??= WatchAsync();
        return _watch;
    }

    /// <summary>Ends the connection with a reset.</summary>
    public void Reset()
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended already.
        }

        socket.Dispose();
    }

    public void Dispose() => socket.Dispose();

    private async Task WatchAsync()
    {
        do
        {
            await socket.ReceiveAsync(Memory<byte>.Empty);
        }
        while (!socket.Poll(0, SelectMode.SelectRead)); // an empty receive may also end at an old event of the socket
    }

    private async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_begin == _end)
        {
            _begin = _end = 0;
        }
        else if (_end == _buffer.Length)
        {
            Here.CopyTo(_buffer);
            (_begin, _end) = (0, _end - _begin);
            if (_end == _buffer.Length)
            {
                throw new IOException("the head of a message is too long");
            }
        }

        int count = await socket.ReceiveAsync(_buffer.AsMemory(_end), cancellationToken);
        _end += count;
        _mayRead -= count;
        return _mayRead < 0 ? throw new IOException("cut on purpose") : count > 0;
    }
}
