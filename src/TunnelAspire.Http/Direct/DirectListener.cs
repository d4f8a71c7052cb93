using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using TunnelAspire.Http.Limits;
using TunnelAspire.Protocol.Sockets;

namespace TunnelAspire.Http.Direct;

/// <summary>Accepts connections, serves each directly while that can be, and hands it to the web server with the first request that is something else.</summary>
internal sealed class DirectListener : IConnectionListener
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);

    private readonly Socket _socket;
    private readonly SocketConnectionContextFactory _connections;
    private readonly DirectRequests _requests;
    private readonly ConnectionLimits _limits;
    private readonly Channel<ConnectionContext> _handedOver = Channel.CreateUnbounded<ConnectionContext>();
    private readonly ConcurrentDictionary<ReadySocket, byte> _direct = new();
    private readonly TaskCompletionSource _allServed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;
    private int _serving = 1; // connections, and the listener itself until it is disposed

    public DirectListener(Socket socket, SocketConnectionContextFactory connections, DirectRequests requests, ConnectionLimits limits)
    {
        (_socket, _connections, _requests, _limits, EndPoint) = (socket, connections, requests, limits, socket.LocalEndPoint!);
        _accepting = AcceptAllAsync();
    }

    /// <inheritdoc/>
    public EndPoint EndPoint { get; }

    /// <summary>The next connection that is the web server's; null once nobody listens any more.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _handedOver.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_handedOver.Reader.TryRead(out ConnectionContext? connection))
            {
                return connection;
            }
        }

        return null;
    }

    /// <summary>Nobody is let in any more, and who waits between two requests is let go.</summary>
    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        await _stopping.CancelAsync();
        _socket.Dispose();
        await _accepting;
        _handedOver.Writer.TryComplete();
    }

    /// <summary>Waits for the answers that are under way, but not for long.</summary>
    public async ValueTask DisposeAsync()
    {
        await UnbindAsync();
        Served();
        await _allServed.Task.WaitAsync(StopPatience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (ReadySocket socket in _direct.Keys)
        {
            socket.Dispose();
        }

        while (_handedOver.Reader.TryRead(out ConnectionContext? connection))
        {
            await connection.DisposeAsync();
        }

        _connections.Dispose();
    }

    private async Task AcceptAllAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                Begin(new ReadySocket(await _socket.AcceptAsync(_stopping.Token)));
            }
            catch (Exception e) when (_stopping.IsCancellationRequested && e is (OperationCanceledException or ObjectDisposedException or SocketException))
            {
                return; // unbound
            }
            catch (SocketException)
            {
                // A connection that was gone before it was accepted, or no file is left for it: the next one may fare better.
                await Task.Delay(TimeSpan.FromMilliseconds(10), CancellationToken.None);
            }
        }
    }

    /// <summary>On another thread: a client whose bytes are always there already must not keep the next one from being accepted.</summary>
    private void Begin(ReadySocket socket)
    {
        Interlocked.Increment(ref _serving);
        _direct[socket] = 0;
        ThreadPool.UnsafeQueueUserWorkItem(static accepted => _ = accepted.Listener.ServeAsync(accepted.Socket), (Listener: this, Socket: socket), preferLocal: false);
    }

    private void Served()
    {
        if (Interlocked.Decrement(ref _serving) == 0)
        {
            _allServed.TrySetResult();
        }
    }

    /// <summary>Serves a connection to its end, or hands it over. Throws nothing: whatever happens, the socket is somebody's, or closed.</summary>
    private async Task ServeAsync(ReadySocket socket)
    {
        ConnectionLimits.Place? place = null;
        bool handedOver = false;
        try
        {
            bool goesOn = !_requests.IsServed(EndPoint);
            if (!goesOn && (place = _limits.TryEnter(socket.RemoteEndPoint, out _)) is not null)
            {
                goesOn = await new DirectConnection(socket, _requests, _stopping.Token).ServeAsync();
                place.Dispose(); // the web server counts it anew
            }

            if (goesOn)
            {
                await HandOverAsync(socket.Leave());
                handedOver = true;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Gone before it was looked at.
        }
        catch (Exception e)
        {
            _requests.LogFault(e);
        }
        finally
        {
            place?.Dispose();
            if (!handedOver)
            {
                socket.Dispose();
            }

            _direct.TryRemove(socket, out byte _);
            Served();
        }
    }

    private async Task HandOverAsync(Socket socket)
    {
        ConnectionContext connection = _connections.Create(socket);
        if (!_handedOver.Writer.TryWrite(connection))
        {
            await connection.DisposeAsync();
        }
    }
}
