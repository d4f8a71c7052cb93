using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace TunnelAspire.Benchmarks.Load;

/// <summary>Many client connections on one thread. What each does is the load's that uses them.</summary>
/// <param name="port">The contestant's local port.</param>
/// <param name="patience">How long nothing may happen at all.</param>
internal sealed class Clients(int port, TimeSpan patience) : IDisposable
{
    private const int Step = 200;
    private static readonly byte[] Address = [LibC.InterNetwork, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];

    private readonly Epoll _epoll = new();
    private readonly HashSet<int> _open = [];
    private long _progress = Stopwatch.GetTimestamp();

    /// <summary>How many stand.</summary>
    public int Count => _open.Count;

    /// <summary>All that stand.</summary>
    public IReadOnlyCollection<int> Open => _open;

    /// <summary>Begins a connection. It is writable once it stands.</summary>
    public int Dial()
    {
        int socket = Epoll.Check(LibC.Socket(LibC.InterNetwork, LibC.Stream | LibC.NonBlocking | LibC.CloseOnExec, 0));
        Span<byte> address = stackalloc byte[Address.Length];
        Address.CopyTo(address);
        (address[2], address[3]) = ((byte)(port >> 8), (byte)port);
        _ = LibC.SetOption(socket, LibC.TcpLevel, LibC.TcpNoDelay, 1, sizeof(int));
        if (LibC.Connect(socket, address, address.Length) < 0 && Marshal.GetLastPInvokeError() is int error && error != LibC.InProgress)
        {
            _ = LibC.Close(socket);
            throw new LoadException($"connecting failed: {new Win32Exception(error).Message}");
        }

        _open.Add(socket);
        _epoll.Add(socket, Readiness.Writable);
        return socket;
    }

    /// <summary>Sends a short message.</summary>
    public static void Send(int socket, ReadOnlySpan<byte> message)
    {
        if (LibC.Send(socket, message, message.Length, LibC.NoSignal) != message.Length)
        {
            throw new LoadException($"sending failed: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        }
    }

    /// <summary>From now on it is told when bytes come.</summary>
    public void Listen(int socket) => _epoll.Modify(socket, Readiness.Readable);

    /// <summary>Receives what is there; 0 where nothing is.</summary>
    /// <exception cref="LoadException">The connection has ended.</exception>
    public static int Receive(int socket, Span<byte> buffer)
    {
        nint count = LibC.Receive(socket, buffer, buffer.Length, 0);
        int error = count < 0 ? Marshal.GetLastPInvokeError() : 0;
        return count switch
        {
            > 0 => (int)count,
            0 => throw new LoadException("the connection was closed"),
            _ when error == LibC.TryAgain => 0,
            _ => throw new LoadException($"the connection failed: {new Win32Exception(error).Message}"),
        };
    }

    public void Close(int socket)
    {
        if (_open.Remove(socket))
        {
            _ = LibC.Close(socket); // which also takes it out of the epoll
        }
    }

    /// <summary>Waits for something to happen; returns how many are ready.</summary>
    /// <param name="during">What is being done, for the message.</param>
    /// <exception cref="LoadException">Nothing has happened for too long.</exception>
    public int Wait(string during)
    {
        int count = _epoll.Wait(Step);
        if (count > 0)
        {
            _progress = Stopwatch.GetTimestamp();
        }
        else if (Stopwatch.GetElapsedTime(_progress) > patience)
        {
            throw new LoadException($"stalls: nothing for {patience.TotalSeconds} s {during}");
        }

        return count;
    }

    /// <summary>What is done next has its full patience, however long nothing was asked before.</summary>
    public void Begin() => _progress = Stopwatch.GetTimestamp();

    public (int Socket, Readiness Readiness) Ready(int index) => _epoll.Ready(index);

    public void Dispose()
    {
        foreach (int socket in _open)
        {
            _ = LibC.Close(socket);
        }

        _epoll.Dispose();
    }
}
