using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Protocol.Sockets;

/// <summary>A connected TCP (or unix) socket as the source of one direction and the sink of the other.</summary>
public sealed class SocketEnd : IByteEnd
{
    private const int Small = 256;

    private readonly Socket _socket;
    private ReadOnlyMemory<byte> _first;
    private int _seen; // what the last look has found; 0 once it may have been read
    private byte[]? _small;
    private SocketException? _broken; // what the next read tells

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
    public int Available => _first.Length > 0 ? _first.Length : _seen > 0 ? _seen : _seen = Look();

    /// <inheritdoc/>
    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        _seen = _first.Length > 0 ? 0 : Look();
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

        return _seen > 0 && TryReceive(destination.Span, out int count) ? ValueTask.FromResult(count) : ReceiveAsync(destination, cancellationToken);
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

    /// <summary>
    /// Receives what comes. The wait has a small buffer in hand, and one of its own: the framework holds on to that of a wait which is
    /// cancelled, until something happens on the socket.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReceiveAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (_broken is { } broken)
        {
            throw broken;
        }

        _small ??= new byte[Small];
        int count = await _socket.ReceiveAsync(_small.AsMemory(0, Math.Min(Small, destination.Length)), SocketFlags.None, cancellationToken);
        _small.AsSpan(0, count).CopyTo(destination.Span);
        return count == Small && TryReceive(destination.Span[count..], out int rest) ? count + rest : count;
    }

    /// <summary>Receives what is there; false where there is nothing, or where the next read is to tell what is wrong.</summary>
    private bool TryReceive(Span<byte> destination, out int count)
    {
        _seen = 0;
        count = _socket.Receive(destination, SocketFlags.None, out SocketError error);
        if (error is not (SocketError.Success or SocketError.WouldBlock))
        {
            _broken = new SocketException((int)error); // a socket tells a reset once
        }

        return error == SocketError.Success;
    }

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
