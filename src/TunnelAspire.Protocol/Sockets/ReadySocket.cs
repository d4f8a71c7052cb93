using System.Net;
using System.Net.Sockets;

namespace TunnelAspire.Protocol.Sockets;

/// <summary>
/// A socket, connected or listening. Whoever must wait goes on in the thread that sees the socket ready.
/// </summary>
public sealed partial class ReadySocket : ReadyConnection
{
    private static readonly byte[] Glance = new byte[1]; // what is seen there, by whomever, is nobody's business

    private readonly SocketPoller? _poller;
    private readonly Readiness _reading = new();
    private readonly Readiness _writing = new();
    private readonly EndPoint? _dialled;
    private int _left;

    /// <summary>Takes over a connected socket. Where it is gone already, whoever reads or writes is told.</summary>
    public ReadySocket(Socket socket)
        : this(socket, dialled: null, SocketPoller.Choose())
    {
    }

    /// <summary>As the other, on a system that has such threads, or has none.</summary>
    internal ReadySocket(Socket socket, EndPoint? dialled, SocketPoller? poller)
    {
        (Socket, _dialled, _poller) = (socket, dialled, poller);
        try
        {
            socket.Blocking = false;
            if (socket.ProtocolType == ProtocolType.Tcp)
            {
                socket.NoDelay = true;
            }

            _poller?.Add(this);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Dispose();
        }
    }

    /// <summary>The socket itself. Waits of its own must not be used.</summary>
    public Socket Socket { get; }

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint => _dialled ?? Address(static socket => socket.RemoteEndPoint);

    /// <inheritdoc/>
    public override EndPoint? LocalEndPoint => Address(_dialled is { } dialled ? socket => LinuxCalls.LocalAddress(socket, dialled) : static socket => socket.LocalEndPoint);

    /// <summary>Which of the threads that wait for sockets this one is; -1: none of them. Connections that are made here stay with it.</summary>
    public static int Thread => SocketPoller.Here;

    /// <summary>Sees that what the environment says of the threads that wait for sockets makes sense. To be called when a program starts.</summary>
    /// <exception cref="FormatException">It does not; the message names it.</exception>
    public static void RequireSettings() => BusyPolling.Require(Environment.GetEnvironmentVariable(BusyPolling.Variable));

    /// <inheritdoc/>
    public override bool IsStale => Socket.Poll(0, SelectMode.SelectRead);

    /// <summary>Under what the poller knows it.</summary>
    internal long Id { get; set; }

    /// <summary>Bytes that are there to be received; 0 also where the stream has ended, or the next receive tells an error.</summary>
    public int Available()
    {
        if (Left)
        {
            return 0;
        }

        _reading.Begin();
        try
        {
            int there = Socket.Available;
            if (there > 0)
            {
                _reading.Tell();
            }

            return there;
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    /// <inheritdoc/>
    public override int Receive(Span<byte> into, SocketFlags flags, out SocketError outcome)
    {
        if (Left)
        {
            outcome = SocketError.OperationAborted;
            return 0;
        }

        _reading.Begin();
        int count = Socket.Receive(into, flags, out outcome);
        _poller?.Received(count);
        if (outcome != SocketError.WouldBlock)
        {
            bool over = outcome != SocketError.Success || (count == 0 && !into.IsEmpty);
            if (over || flags.HasFlag(SocketFlags.Peek) || count == into.Length)
            {
                _reading.Tell(over); // a receive that is not full has taken all there was: what comes later is told
            }
        }

        return count;
    }

    /// <inheritdoc/>
    public override ValueTask WaitAsync(CancellationToken cancellationToken) => _poller is null ? WaitByFrameworkAsync(cancellationToken) : _reading.WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public override int Look(Span<byte> into, out SocketError outcome)
    {
        if (Left)
        {
            outcome = SocketError.OperationAborted;
            return 0;
        }

        _reading.Begin();
        int count = Socket.Receive(into, SocketFlags.Peek, out outcome);
        if (outcome != SocketError.WouldBlock && count == 0)
        {
            _reading.Tell(forGood: true);
        }

        return count;
    }

    /// <inheritdoc/>
    public override void Take(Span<byte> shown, bool more)
    {
        Socket.Receive(shown, SocketFlags.None, out _);
        if (more)
        {
            _reading.Tell();
        }
    }

    /// <summary>Nothing comes any more beside what is there.</summary>
    public bool IsOver => _reading.IsForGood;

    /// <inheritdoc/>
    public override ValueTask<int> PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (Left)
        {
            return ValueTask.FromException<int>(new SocketException((int)SocketError.OperationAborted));
        }

        _writing.Begin();
        int count = Socket.Send(bytes.Span, SocketFlags.None, out SocketError error);
        return error switch
        {
            SocketError.Success => ValueTask.FromResult(count),
            SocketError.WouldBlock => PutLaterAsync(bytes, cancellationToken),
            _ => ValueTask.FromException<int>(new SocketException((int)error)),
        };
    }

    /// <inheritdoc/>
    public override void EndSending() => Socket.Shutdown(SocketShutdown.Send);

    /// <summary>The socket goes on elsewhere, with waits of its own.</summary>
    public Socket Leave()
    {
        _poller?.TakeOut(this);
        Let();
        return Socket;
    }

    /// <inheritdoc/>
    public override void Abort()
    {
        Socket.Close(0);
        Let();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Socket.Dispose();
        Let();
    }

    /// <summary>Something has happened to the socket.</summary>
    internal void Tell(uint what)
    {
        bool over = (what & LinuxCalls.Over) != 0;
        if (over || (what & LinuxCalls.Writable) != 0)
        {
            _writing.Tell((what & LinuxCalls.Broken) != 0);
        }

        if (over || (what & LinuxCalls.Readable) != 0)
        {
            _reading.Tell(over);
        }
    }

    private void Let()
    {
        if (Interlocked.Exchange(ref _left, 1) == 0)
        {
            _poller?.Remove(this);
            _reading.Tell(forGood: true);
            _writing.Tell(forGood: true);
        }
    }

    private bool Left => Volatile.Read(ref _left) == 1;

    private EndPoint? Address(Func<Socket, EndPoint?> of)
    {
        try
        {
            return of(Socket);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    private async ValueTask<int> PutLaterAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_poller is null)
        {
            return await Socket.SendAsync(bytes, SocketFlags.None, cancellationToken);
        }

        await _writing.WaitAsync(cancellationToken);
        return await PutAsync(bytes, cancellationToken);
    }

    private async ValueTask WaitByFrameworkAsync(CancellationToken cancellationToken)
    {
        if (await Socket.ReceiveAsync(Glance, SocketFlags.Peek, cancellationToken) == 0)
        {
            _reading.Tell(forGood: true);
        }
    }
}
