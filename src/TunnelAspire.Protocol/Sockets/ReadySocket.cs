using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace TunnelAspire.Protocol.Sockets;

/// <summary>
/// What is mostly done at once is done the short way. The framework's asynchronous one keeps an object for each direction of a socket,
/// and with it the last buffer, as long as the socket lives, or until another operation takes its place.
/// </summary>
public static class ReadySocket
{
    private static readonly byte[] Glance = new byte[1]; // what is seen there, by whomever, is nobody's business

    /// <summary>Receives what is there; waits, where there is nothing. The memory is not held on to by a wait that is cancelled, as the framework would until the socket's next event. The socket must not block.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="into">Where to.</param>
    /// <param name="seen">Something has been seen there: no need to look first.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SocketException">The connection is broken.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<int> TakeAsync(this Socket socket, Memory<byte> into, bool seen, CancellationToken cancellationToken)
    {
        for (; ; seen = false)
        {
            if (!seen)
            {
                await socket.ReceiveAsync(Glance, SocketFlags.Peek, cancellationToken);
            }

            int count = socket.Receive(into.Span, SocketFlags.None, out SocketError error);
            if (error != SocketError.WouldBlock)
            {
                return error == SocketError.Success ? count : throw new SocketException((int)error);
            }
        }
    }

    /// <summary>Sends as much as there is room for, and waits where there is none; returns how much that was. The socket must not block (<see cref="Socket.Blocking"/> is false).</summary>
    /// <exception cref="SocketException">The connection is broken.</exception>
    public static ValueTask<int> PutAsync(this Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        int count = socket.Send(bytes.Span, SocketFlags.None, out SocketError error);
        return error switch
        {
            SocketError.Success => ValueTask.FromResult(count),
            SocketError.WouldBlock => socket.SendAsync(bytes, SocketFlags.None, cancellationToken),
            _ => ValueTask.FromException<int>(new SocketException((int)error)),
        };
    }

    /// <summary>Waits, with no buffer in hand, until something is there to be received; keeps none of what was received before. False at the end of the stream.</summary>
    /// <exception cref="SocketException">The connection is broken.</exception>
    public static async ValueTask<bool> WaitAsync(this Socket socket, CancellationToken cancellationToken) =>
        await socket.ReceiveAsync(Glance, SocketFlags.Peek, cancellationToken) > 0;
}
