using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace TunnelAspire.Protocol.Sockets;

/// <summary>
/// A connection that does not block: a socket, or a lane, which is one of many in a connection. What is mostly done at once is done at
/// once; whoever must wait holds no memory meanwhile. One reader and one writer at a time.
/// </summary>
public abstract class ReadyConnection : IDisposable
{
    /// <summary>The peer's address; null once it is gone.</summary>
    public abstract EndPoint? RemoteEndPoint { get; }

    /// <summary>This side's address; null once the connection is gone.</summary>
    public abstract EndPoint? LocalEndPoint { get; }

    /// <summary>Whether the peer has closed it, or has said what nobody asked for.</summary>
    public abstract bool IsStale { get; }

    /// <summary>Receives what is there, at once.</summary>
    public abstract int Receive(Span<byte> into, SocketFlags flags, out SocketError outcome);

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
            int count = Receive(into.Span, flags, out SocketError outcome);
            if (outcome != SocketError.WouldBlock)
            {
                return outcome == SocketError.Success ? count : throw new SocketException((int)outcome);
            }
        }
    }

    /// <summary>Waits until something may be there to be received. That is a hint: there may be nothing.</summary>
    public abstract ValueTask WaitAsync(CancellationToken cancellationToken);

    /// <summary>Looks at what is there, and leaves it there. A wait that follows waits for more, unless <see cref="Take"/> says otherwise.</summary>
    public abstract int Look(Span<byte> into, out SocketError outcome);

    /// <summary>Takes bytes that a look has just shown.</summary>
    /// <param name="shown">Where they go.</param>
    /// <param name="more">Others may be there behind them.</param>
    public abstract void Take(Span<byte> shown, bool more);

    /// <summary>Sends as much as there is room for, and waits where there is none; returns how much that was.</summary>
    /// <exception cref="SocketException">The connection is broken.</exception>
    public abstract ValueTask<int> PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Tells the peer that nothing more is sent.</summary>
    /// <exception cref="SocketException">The connection is broken.</exception>
    public abstract void EndSending();

    /// <summary>Closes the connection so that the peer sees it cut.</summary>
    public abstract void Abort();

    /// <summary>Closes the connection; what was written is still delivered.</summary>
    public abstract void Dispose();
}
