using System.Net;
using System.Net.Sockets;
using TunnelAspire.Agent.WaysIn;

namespace TunnelAspire.Agent.Forwards;

/// <summary>Listens on a local address, a TCP port or a unix socket.</summary>
internal sealed class ForwardListener : IDisposable
{
    private const int Backlog = 512;
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly Socket _socket;

    /// <summary>Begins to listen.</summary>
    /// <exception cref="IOException">The address cannot be listened on; the message names it.</exception>
    public ForwardListener(EndPoint listen, IWayIn way)
    {
        Way = way;
        try
        {
            _socket = listen is IPEndPoint address ? BindPort(address) : UnixSocketFile.Bind((UnixDomainSocketEndPoint)listen);
            _socket.Listen(Backlog);
        }
        catch (SocketException e)
        {
            _socket?.Dispose();
            throw new IOException($"cannot listen on {listen}: {e.Message}", e);
        }
    }

    /// <summary>Begins to listen on all addresses that the options name: the forwards, in order, then the proxy ports.</summary>
    /// <exception cref="IOException">One of them cannot be listened on.</exception>
    public static IReadOnlyList<ForwardListener> OpenAll(AgentOptions options, TimeProvider time)
    {
        IEnumerable<(EndPoint, IWayIn)> forwards = options.Forwards.Select(ForwardSpec.Parse).Select(spec => (spec.Listen, (IWayIn)new DirectWayIn(spec.Target)));
        ProxyWayIn proxy = new(options.Socks, time);
        List<ForwardListener> listeners = [];
        try
        {
            foreach ((EndPoint listen, IWayIn way) in forwards.Concat(options.Socks.Listen.Select(listen => ((EndPoint)ListenAddress.Parse(listen), (IWayIn)proxy))))
            {
                listeners.Add(new ForwardListener(listen, way));
            }

            return listeners;
        }
        catch (IOException)
        {
            listeners.ForEach(listener => listener.Dispose()); // a unix socket's file goes with it
            throw;
        }
    }

    /// <summary>How its connections say where they lead.</summary>
    public IWayIn Way { get; }

    /// <summary>Where it listens; the port is the real one.</summary>
    public EndPoint Listen => _socket.LocalEndPoint!;

    /// <summary>What it does, in a few words.</summary>
    public override string ToString() => Way is DirectWayIn direct ? $"forwarding {Listen} to {direct.Target}" : $"SOCKS and HTTP proxy on {Listen}";

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

    private static Socket BindPort(IPEndPoint listen)
    {
        bool any = listen.Address.Equals(IPAddress.IPv6Any);
        bool both = any && Socket.OSSupportsIPv6;
        Socket socket = new(any && !both ? AddressFamily.InterNetwork : listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (both)
            {
                socket.DualMode = true;
            }

            socket.Bind(any && !both ? new IPEndPoint(IPAddress.Any, listen.Port) : listen);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }
}
