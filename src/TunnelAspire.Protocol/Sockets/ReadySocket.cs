using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace TunnelAspire.Protocol.Sockets;

/// <summary>
/// A socket that does not block, connected or listening. What is mostly done at once is done at once; whoever must wait holds no
/// memory meanwhile, and goes on in the thread that sees the socket ready. One reader and one writer at a time.
/// </summary>
public sealed partial class ReadySocket : IDisposable
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

    /// <summary>The peer's address; null once it is gone.</summary>
    public EndPoint? RemoteEndPoint => _dialled ?? Address(static socket => socket.RemoteEndPoint);

    /// <summary>This side's address; null once the socket is gone.</summary>
    public EndPoint? LocalEndPoint => Address(_dialled is { } dialled ? socket => LinuxCalls.LocalAddress(socket, dialled) : static socket => socket.LocalEndPoint);

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

    /// <summary>Receives what is there, at once.</summary>
    public int Receive(Span<byte> into, SocketFlags flags, out SocketError error)
    {
        if (Left)
        {
            error = SocketError.OperationAborted;
            return 0;
        }

        _reading.Begin();
        int count = Socket.Receive(into, flags, out error);
        _poller?.Received(count);
        if (error != SocketError.WouldBlock)
        {
            bool over = error != SocketError.Success || (count == 0 && !into.IsEmpty);
            if (over || flags.HasFlag(SocketFlags.Peek) || count == into.Length)
            {
                _reading.Tell(over); // a receive that is not full has taken all there was: what comes later is told
            }
        }

        return count;
    }

    /// <summary>Receives what is there, or comes.</summary>
    /// <exception cref="SocketException">The connection is broken.</exception>
    public ValueTask<int> ReceiveAsync(Memory<byte> into, CancellationToken cancellationToken) => ReceiveAsync(into, SocketFlags.None, cancellationToken);

    /// <summary>Receives what is there, or comes; with <see cref="SocketFlags.Peek"/> it stays there.</summary>
    /// <exception cref="SocketException">The connection is broken.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReceiveAsync(Memory<byte> into, SocketFlags flags, CancellationToken cancellationToken)
    {
        while (true)
        {
            await WaitAsync(cancellationToken);
            int count = Receive(into.Span, flags, out SocketError error);
            if (error != SocketError.WouldBlock)
            {
                return error == SocketError.Success ? count : throw new SocketException((int)error);
            }
        }
    }

    /// <summary>Waits until something may be there to be received. That is a hint: there may be nothing.</summary>
    public ValueTask WaitAsync(CancellationToken cancellationToken) => _poller is null ? WaitByFrameworkAsync(cancellationToken) : _reading.WaitAsync(cancellationToken);

    /// <summary>Looks at what is there, and leaves it there. A wait that follows waits for more, unless <see cref="Take"/> says otherwise.</summary>
    public int Look(Span<byte> into, out SocketError error)
    {
        if (Left)
        {
            error = SocketError.OperationAborted;
            return 0;
        }

        _reading.Begin();
        int count = Socket.Receive(into, SocketFlags.Peek, out error);
        if (error != SocketError.WouldBlock && count == 0)
        {
            _reading.Tell(forGood: true);
        }

        return count;
    }

    /// <summary>Takes bytes that a look has just shown.</summary>
    /// <param name="shown">Where they go.</param>
    /// <param name="more">Others may be there behind them.</param>
    public void Take(Span<byte> shown, bool more)
    {
        Socket.Receive(shown, SocketFlags.None, out _);
        if (more)
        {
            _reading.Tell();
        }
    }

    /// <summary>Nothing comes any more beside what is there.</summary>
    public bool IsOver => _reading.IsForGood;

    /// <summary>Sends as much as there is room for, and waits where there is none; returns how much that was.</summary>
    /// <exception cref="SocketException">The connection is broken.</exception>
    public ValueTask<int> PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
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

    /// <summary>The socket goes on elsewhere, with waits of its own.</summary>
    public Socket Leave()
    {
        _poller?.TakeOut(this);
        Let();
        return Socket;
    }

    /// <summary>Closes the connection with a reset.</summary>
    public void Abort()
    {
        Socket.Close(0);
        Let();
    }

    /// <summary>Closes the connection; what was written is still delivered.</summary>
    public void Dispose()
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
