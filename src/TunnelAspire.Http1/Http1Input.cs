using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using TunnelAspire.Protocol.Sockets;

namespace TunnelAspire.Http1;

/// <summary>What a connection has received and nobody has taken yet. Whoever waits while nothing is there holds no buffer.</summary>
internal sealed class Http1Input(ReadyConnection connection)
{
    private const int Size = 4 * 1024;

    private byte[] _buffer = [];
    private int _start;
    private int _end;

    /// <summary>What is there.</summary>
    public ReadOnlySpan<byte> Received => _buffer.AsSpan(_start.._end);

    /// <summary>Whether something is there.</summary>
    public bool IsEmpty => _start == _end;

    /// <summary>Takes so many bytes off.</summary>
    public void Take(int count) => _start += count;

    /// <summary>Takes as many as are there and fit.</summary>
    public int Take(Span<byte> destination)
    {
        int count = Math.Min(destination.Length, _end - _start);
        _buffer.AsSpan(_start, count).CopyTo(destination);
        _start += count;
        return count;
    }

    /// <summary>Waits for more, beside what is there; false at the connection's end.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (IsEmpty)
            {
                Release();
            }

            await connection.WaitAsync(cancellationToken);
            MakeRoom();
            int count = connection.Receive(_buffer.AsSpan(_end), SocketFlags.None, out SocketError error);
            if (error != SocketError.WouldBlock)
            {
                _end += count;
                return error == SocketError.Success ? count > 0 : throw new SocketException((int)error);
            }
        }
    }

    /// <summary>Receives past the buffer, where nothing is in it; 0 at the connection's end.</summary>
    public ValueTask<int> ReceiveAsync(Memory<byte> destination, CancellationToken cancellationToken) =>
        connection.ReceiveAsync(destination, cancellationToken);

    /// <summary>Gives the buffer back, and what is in it.</summary>
    public void Release()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        (_buffer, _start, _end) = ([], 0, 0);
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            Received.CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(2 * _buffer.Length, Size));
            int count = _end;
            Received.CopyTo(larger);
            Release();
            (_buffer, _end) = (larger, count);
        }
    }
}
