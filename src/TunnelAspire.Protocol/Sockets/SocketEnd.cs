using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Protocol.Sockets;

/// <summary>A connected TCP (or unix) socket as the source of one direction and the sink of the other.</summary>
public sealed class SocketEnd : IByteEnd
{
    private readonly ReadySocket _socket;
    private ReadOnlyMemory<byte> _first;
    private volatile bool _ended; // all that the peer has sent has been read, its end too
    private int _seen; // what the last look has found; 0 once it may have been read

    /// <summary>Takes over <paramref name="socket"/>.</summary>
    /// <param name="socket">The connected socket.</param>
    /// <param name="first">Bytes that are read before the socket's.</param>
    public SocketEnd(ReadySocket socket, ReadOnlyMemory<byte> first = default)
    {
        (_socket, _first) = (socket, first);
        RemoteEndPoint = socket.RemoteEndPoint;
    }

    /// <summary>This side's address; null once the socket is gone.</summary>
    public EndPoint? LocalEndPoint => _socket.LocalEndPoint;

    /// <summary>The peer's address; kept after the socket is gone.</summary>
    public EndPoint? RemoteEndPoint { get; }

    /// <inheritdoc/>
    public int Available => _first.Length > 0 ? _first.Length : _seen > 0 ? _seen : _seen = _socket.Available();

    /// <inheritdoc/>
    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        _seen = _first.Length > 0 ? 0 : _socket.Available();
        return _first.Length > 0 || _seen > 0 ? ValueTask.CompletedTask : WaitForBytesAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (_first.Length > 0)
        {
            int taken = Math.Min(destination.Length, _first.Length);
            _first[..taken].CopyTo(destination);
            _first = _first[taken..];
            return ValueTask.FromResult(taken);
        }

        if (_seen > 0)
        {
            _seen = 0;
            int count = _socket.Receive(destination.Span, SocketFlags.None, out SocketError error);
            if (error != SocketError.WouldBlock)
            {
                return error == SocketError.Success ? ValueTask.FromResult(count) : ValueTask.FromException<int>(new SocketException((int)error));
            }
        }

        ValueTask<int> received = _socket.ReceiveAsync(destination, cancellationToken);
        if (!received.IsCompletedSuccessfully)
        {
            return received;
        }

        int now = received.Result;
        _ended |= now == 0 && !destination.IsEmpty;
        return ValueTask.FromResult(now);
    }

    /// <inheritdoc/>
    public ValueTask<int> WriteAsync(ReadOnlyMemory<byte> bytes) =>
        _socket.PutAsync(bytes, CancellationToken.None);

    /// <inheritdoc/>
    public void Finish()
    {
        if (_ended)
        {
            _socket.Dispose(); // both streams are at their ends: to close is one call instead of two
        }
        else
        {
            _socket.Socket.Shutdown(SocketShutdown.Send);
        }
    }

    /// <summary>Ends the connection with a reset, where it is TCP: the peer knows. A unix socket has none, and is closed.</summary>
    public void Reset()
    {
        try
        {
            _socket.Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Already gone: there is nobody to tell.
        }

        _socket.Dispose();
    }

    /// <summary>Closes the connection; what was written is still delivered.</summary>
    public void Dispose() => _socket.Dispose();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WaitForBytesAsync(CancellationToken cancellationToken)
    {
        do
        {
            await _socket.WaitAsync(cancellationToken);
        }
        while (!_socket.IsOver && (_seen = _socket.Available()) == 0);
    }
}
