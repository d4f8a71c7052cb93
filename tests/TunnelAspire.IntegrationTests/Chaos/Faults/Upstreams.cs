using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace TunnelAspire.IntegrationTests.Chaos.Faults;

/// <summary>The relays behind the proxy: each request goes to a random one that takes connections, on a connection that stands if there is one.</summary>
internal sealed class Upstreams : IDisposable
{
    private readonly ConcurrentDictionary<int, ConcurrentStack<Leg>> _idle = new();
    private volatile int[] _ports = [];

    /// <summary>From now on these.</summary>
    public void Set(params int[] ports)
    {
        _ports = ports;
        foreach (int gone in _idle.Keys.Except(ports))
        {
            Drop(gone);
        }
    }

    /// <summary>A connection to one of them, and its port; null where none takes one.</summary>
    public async Task<(Leg Leg, int Port)?> TakeAsync(CancellationToken cancellationToken)
    {
        int[] ports = [.. _ports];
        Random.Shared.Shuffle(ports);
        foreach (int port in ports)
        {
            if (_idle.TryGetValue(port, out ConcurrentStack<Leg>? legs) && legs.TryPop(out Leg? idle))
            {
                if (!idle.LeftAsync().IsCompleted)
                {
                    return (idle, port);
                }

                idle.Dispose();
            }

            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellationToken);
                return (new Leg(socket), port);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                socket.Dispose();
            }
        }

        return null;
    }

    /// <summary>The message on this connection has ended in order.</summary>
    public void Return(Leg leg, int port) => _idle.GetOrAdd(port, _ => new()).Push(leg);

    public void Dispose() => Drop();

    /// <summary>Lets go of all connections that nobody uses now.</summary>
    public void Drop()
    {
        foreach (int port in _idle.Keys)
        {
            Drop(port);
        }
    }

    private void Drop(int port)
    {
        if (_idle.TryRemove(port, out ConcurrentStack<Leg>? legs))
        {
            foreach (Leg leg in legs)
            {
                leg.Dispose();
            }
        }
    }
}
