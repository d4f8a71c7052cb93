using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Protocol.Sockets;

/// <summary>A connected TCP (or unix) socket as the source of one direction and the sink of the other.</summary>
public sealed class SocketEnd : IByteEnd
{
    private readonly Socket _socket;
    private ReadOnlyMemory<byte> _first;
    private int _seen; // what the last wait has found; 0 once it may have been read

    /// <summary>Takes over <paramref name="socket"/>.</summary>
    /// <param name="socket">The connected socket.</param>
    /// <param name="first">Bytes that are read before the socket's.</param>
    public SocketEnd(Socket socket, ReadOnlyMemory<byte> first = default)
    {
        (_socket, _first) = (socket, first);
        socket.Blocking = false;
        if (socket.ProtocolType == ProtocolType.Tcp)
        {
            socket.NoDelay = true;
        }

        RemoteEndPoint = socket.RemoteEndPoint;
    }

    /// <summary>This side's address; null once the socket is gone.</summary>
    public EndPoint? LocalEndPoint
    {
        get
        {
            try
            {
                return _socket.LocalEndPoint;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return null;
            }
        }
    }

    /// <summary>The peer's address; kept after the socket is gone.</summary>
    public EndPoint? RemoteEndPoint { get; }

    /// <inheritdoc/>
    public int Available => _first.Length > 0 ? _first.Length : _seen > 0 ? _seen : Look();

    /// <inheritdoc/>
    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        _seen = _first.Length > 0 ? 0 : Look();
        return _first.Length > 0 || _seen > 0 ? ValueTask.CompletedTask : WaitForBytesAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (_first.Length == 0)
        {
            bool there = _seen > 0;
            _seen = 0;
            return _socket.TakeAsync(destination, there, cancellationToken);
        }

        int count = Math.Min(destination.Length, _first.Length);
        _first[..count].CopyTo(destination);
        _first = _first[count..];
        return ValueTask.FromResult(count);
    }

    /// <inheritdoc/>
    public ValueTask<int> WriteAsync(ReadOnlyMemory<byte> bytes) =>
        _socket.PutAsync(bytes, CancellationToken.None);

    /// <inheritdoc/>
    public void Finish() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Ends the connection with a reset, where it is TCP: the peer knows. A unix socket has none, and is closed.</summary>
    public void Reset()
    {
        try
        {
            _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Already gone: there is nobody to tell.
        }

        _socket.Dispose();
    }

    /// <summary>Closes the connection; what was written is still delivered.</summary>
    public void Dispose() => _socket.Dispose();

    private int Look()
    {
        try
        {
            return _socket.Available;
        }
        catch (SocketException)
        {
            return 0; // the next read tells the error
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WaitForBytesAsync(CancellationToken cancellationToken) => await _socket.WaitAsync(cancellationToken);
}
