using System.Diagnostics;

namespace TunnelAspire.Benchmarks.Load;

/// <summary>Short connections, several at once: connect, one byte there and back, close, the next one.</summary>
internal sealed class Connects : IDisposable
{
    private static readonly byte[] Greeting = [(byte)Request.Echo, (byte)'x'];

    private readonly Clients _clients;
    private readonly TimeSpan _duration;
    private readonly HashSet<int> _greeted = [];
    private readonly byte[] _buffer = new byte[4];
    private readonly long _begun = Stopwatch.GetTimestamp();
    private int _done;
    private double _lastDone;

    private Connects(int port, TimeSpan duration, TimeSpan patience)
    {
        _clients = new Clients(port, patience);
        _duration = duration;
    }

    /// <summary>Connections in a second.</summary>
    public static double Run(int port, int atOnce, TimeSpan duration, TimeSpan patience)
    {
        using Connects connects = new(port, duration, patience);
        for (int i = 0; i < atOnce; i++)
        {
            connects._clients.Dial();
        }

        while (connects._clients.Count > 0)
        {
            int ready = connects._clients.Wait($"after {connects._done} connections");
            for (int i = 0; i < ready; i++)
            {
                connects.Advance(connects._clients.Ready(i).Socket);
            }
        }

        return connects._done / connects._lastDone;
    }

    public void Dispose() => _clients.Dispose();

    private void Advance(int socket)
    {
        if (_greeted.Add(socket))
        {
            Clients.Send(socket, Greeting);
            _clients.Listen(socket);
        }
        else if (Clients.Receive(socket, _buffer) > 0)
        {
            _clients.Close(socket);
            _greeted.Remove(socket);
            _done++;
            _lastDone = Stopwatch.GetElapsedTime(_begun).TotalSeconds;
            if (_lastDone < _duration.TotalSeconds)
            {
                _clients.Dial();
            }
        }
    }
}
