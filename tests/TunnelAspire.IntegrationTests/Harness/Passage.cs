using System.Collections.Concurrent;
using System.Net.Sockets;

namespace TunnelAspire.IntegrationTests.Harness;

/// <summary>A TCP passage to a port, which can swallow all that goes through the connections that stand: neither end hears of it.</summary>
public sealed class Passage : IDisposable
{
    private readonly ConcurrentBag<Socket> _sockets = [];
    private readonly Socket _listener = Loopback.Listen(out _);
    private readonly int _to;
    private int _generation;

    public Passage(int to)
    {
        _to = to;
        _ = AcceptAsync();
    }

    public int Port => ((System.Net.IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>How many connections have come.</summary>
    public int Connections { get; private set; }

    /// <summary>Connections that stand fall silent; new ones pass.</summary>
    public void Silence() => Interlocked.Increment(ref _generation);

    public void Dispose()
    {
        _listener.Dispose();
        foreach (Socket socket in _sockets)
        {
            socket.Dispose();
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket from = await _listener.AcceptAsync();
                Socket to = await Loopback.ConnectAsync(_to);
                _sockets.Add(from);
                _sockets.Add(to);
                Connections++;
                _ = PassAsync(from, to, _generation);
                _ = PassAsync(to, from, _generation);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task PassAsync(Socket from, Socket to, int generation)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer)) > 0 && generation == Volatile.Read(ref _generation))
            {
                await to.SendAsync(buffer.AsMemory(0, count));
            }

            if (generation == Volatile.Read(ref _generation))
            {
                to.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // An end has gone; the other one is told when the passage closes.
        }
    }
}
