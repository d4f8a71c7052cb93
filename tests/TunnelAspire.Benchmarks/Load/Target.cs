using System.Net.Sockets;
using System.Runtime.InteropServices;
using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.Benchmarks.Load;

/// <summary>The server that every contestant leads to: one thread, one loop.</summary>
internal sealed class Target : IDisposable
{
    private readonly Socket _listener;
    private readonly Epoll _epoll = new();
    private readonly Dictionary<int, (TargetConnection Connection, Readiness Interest)> _connections = [];
    private readonly Verdicts _verdicts = new();
    private readonly byte[] _scratch = new byte[Pattern.Piece];

    /// <summary>Listens on a port of the system's choice.</summary>
    public Target()
    {
        _listener = Loopback.Listen(out int port);
        _listener.Listen(4096);
        _listener.Blocking = false;
        Port = port;
        _epoll.Add(Listener, Readiness.Readable);
    }

    public int Port { get; }

    private int Listener => (int)_listener.SafeHandle.DangerousGetHandle();

    /// <summary>Serves for as long as the process lives.</summary>
    public void Run()
    {
        while (true)
        {
            int count = _epoll.Wait(-1);
            for (int i = 0; i < count; i++)
            {
                (int descriptor, Readiness readiness) = _epoll.Ready(i);
                if (descriptor == Listener)
                {
                    Accept();
                }
                else if (_connections.TryGetValue(descriptor, out (TargetConnection Connection, Readiness Interest) known))
                {
                    Advance(descriptor, known.Connection, known.Interest, readiness);
                }
            }
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        _epoll.Dispose();
    }

    private void Accept()
    {
        while (true)
        {
            int socket = LibC.Accept(Listener, 0, 0, LibC.NonBlocking | LibC.CloseOnExec);
            if (socket < 0)
            {
                return; // nobody else, or he has gone again
            }

            _ = LibC.SetOption(socket, LibC.TcpLevel, LibC.TcpNoDelay, 1, sizeof(int));
            _connections[socket] = (new TargetConnection(socket, _verdicts), Readiness.Readable);
            _epoll.Add(socket, Readiness.Readable);
        }
    }

    private void Advance(int socket, TargetConnection connection, Readiness before, Readiness readiness)
    {
        connection.Advance(readiness, _scratch);
        if (connection.Over)
        {
            _connections.Remove(socket);
            _epoll.Remove(socket);
            _ = LibC.Close(socket);
        }
        else if (connection.Interest != before)
        {
            _epoll.Modify(socket, connection.Interest);
            CollectionsMarshal.GetValueRefOrNullRef(_connections, socket).Interest = connection.Interest;
        }
    }
}
