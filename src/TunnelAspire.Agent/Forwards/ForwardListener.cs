using System.Net;
using System.Net.Sockets;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Forwards;

/// <summary>Listens on a forward's local address.</summary>
public sealed class ForwardListener : IDisposable
{
    private const int Backlog = 512;
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly Socket _socket;

    /// <summary>Begins to listen.</summary>
    /// <exception cref="IOException">The address cannot be listened on; the message names it.</exception>
    public ForwardListener(ForwardSpec forward)
    {
        Target = forward.Target;
        bool any = forward.Listen.Address.Equals(IPAddress.IPv6Any);
        _socket = any && !Socket.OSSupportsIPv6
            ? new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(forward.Listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (any && Socket.OSSupportsIPv6)
            {
                _socket.DualMode = true;
            }

            _socket.Bind(_socket.AddressFamily == AddressFamily.InterNetwork && any ? new IPEndPoint(IPAddress.Any, forward.Listen.Port) : forward.Listen);
            _socket.Listen(Backlog);
        }
        catch (SocketException e)
        {
            _socket.Dispose();
            throw new IOException($"cannot listen on {forward.Listen}: {e.Message}", e);
        }
    }

    /// <summary>Where its connections lead.</summary>
    public TargetAddress Target { get; }

    /// <summary>Where it listens; the port is the real one.</summary>
    public EndPoint Listen => _socket.LocalEndPoint!;

    /// <summary>The next connection. Waits out failures of the system, such as too many open files.</summary>
    public async Task<Socket> AcceptAsync(Action<SocketException> onFailure, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await _socket.AcceptAsync(cancellationToken);
            }
            catch (SocketException e) when (!cancellationToken.IsCancellationRequested)
            {
                onFailure(e);
                await Task.Delay(PauseAfterFailure, cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
