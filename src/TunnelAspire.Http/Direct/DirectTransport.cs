using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TunnelAspire.Http.Limits;

namespace TunnelAspire.Http.Direct;

/// <summary>The web server's transport on TCP: connections are served directly while they can be, and are the web server's after that.</summary>
public sealed class DirectTransport(
    DirectRequests requests, ConnectionLimits limits, IMemoryPoolFactory<byte> buffers, IOptions<SocketTransportOptions> options, ILoggerFactory logs) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        SocketConnectionFactoryOptions handedOver = new() { UnsafePreferInlineScheduling = options.Value.UnsafePreferInlineScheduling };
        UseBuffers(handedOver, buffers);
        SocketConnectionContextFactory connections = new(handedOver, logs.CreateLogger("Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets"));
        System.Net.Sockets.Socket socket;
        try
        {
            socket = options.Value.CreateBoundListenSocket(endpoint);
        }
        catch (System.Net.Sockets.SocketException e) when (e.SocketErrorCode == System.Net.Sockets.SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(e.Message, e);
        }

        socket.Listen(options.Value.Backlog);
        return ValueTask.FromResult<IConnectionListener>(new DirectListener(socket, connections, requests, limits));
    }

    /// <summary>The framework gives its own listener the registered buffers; whoever makes connections himself has no public way to.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_MemoryPoolFactory")]
    private static extern void UseBuffers(SocketConnectionFactoryOptions options, IMemoryPoolFactory<byte> buffers);
}
