using System.Net;
using System.Net.Sockets;
using TunnelAspire.Agent.WaysIn;
using TunnelAspire.Protocol.Sockets;

namespace TunnelAspire.Agent.Forwards;

/// <summary>Listens on a local address, a TCP port or a unix socket.</summary>
internal sealed class ForwardListener : IDisposable
{
    private const int Backlog = 512;
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly Socket _socket;
    private readonly ReadySocket _ready;
    private volatile ForwardPlan _plan;

    /// <summary>Begins to listen.</summary>
    /// <exception cref="IOException">The address cannot be listened on; the message names it.</exception>
    public ForwardListener(ForwardPlan plan)
    {
        _plan = plan;
        try
        {
            _socket = plan.Listen is IPEndPoint address ? BindPort(address) : UnixSocketFile.Bind((UnixDomainSocketEndPoint)plan.Listen);
            _socket.Listen(Backlog);
            _ready = new ReadySocket(_socket);
        }
        catch (SocketException e)
        {
            _socket?.Dispose();
            throw new IOException($"cannot listen on {plan.Listen}: {e.Message}{Advice(plan.Listen, e)}", e);
        }
    }

    /// <summary>Begins to listen for all plans, or for none.</summary>
    /// <exception cref="IOException">One of them cannot be listened on.</exception>
    public static IReadOnlyList<ForwardListener> OpenAll(IEnumerable<ForwardPlan> plans)
    {
        List<ForwardListener> listeners = [];
        try
        {
            foreach (ForwardPlan plan in plans)
            {
                listeners.Add(new ForwardListener(plan));
            }

            return listeners;
        }
        catch (IOException)
        {
            listeners.ForEach(listener => listener.Dispose()); // a unix socket's file goes with it
            throw;
        }
    }

    /// <summary>What is asked for here. Another plan for the same address holds for the connections that come from then on.</summary>
    public ForwardPlan Plan
    {
        get => _plan;
        set => _plan = value;
    }

    /// <summary>How its connections say where they lead.</summary>
    public IWayIn Way => _plan.Way;

    /// <summary>Where it listens; the port is the real one.</summary>
    public EndPoint Listen => _socket.LocalEndPoint!;

    /// <summary>What it does, in a few words.</summary>
    public override string ToString() => _plan.Describe(Listen);

    /// <summary>The next connection. Waits out failures of the system, such as too many open files.</summary>
    public async Task<Socket> AcceptAsync(Action<SocketException> onFailure, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await _ready.AcceptAsync(cancellationToken);
            }
            catch (SocketException e) when (!cancellationToken.IsCancellationRequested)
            {
                onFailure(e);
                await Task.Delay(PauseAfterFailure, cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _ready.Dispose();

    private static string Advice(EndPoint listen, SocketException e) => e.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse when listen is IPEndPoint => ". Another program listens there, perhaps another agent (see tunnel status): stop it, or choose another port",
        SocketError.AccessDenied when listen is IPEndPoint { Port: < 1024 } => ". Ports below 1024 are for privileged users: choose a higher one",
        SocketError.AddressNotAvailable => ". No interface of this machine has that address",
        _ => "",
    };

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
