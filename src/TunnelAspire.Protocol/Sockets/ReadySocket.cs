using System.Net.Sockets;

namespace TunnelAspire.Protocol.Sockets;

/// <summary>
/// What is mostly done at once is done the short way. The framework's asynchronous one keeps an object for each direction of a socket,
/// and with it the last buffer, as long as the socket lives, or until another operation takes its place.
/// </summary>
public static class ReadySocket
{
    private static readonly byte[] Glance = new byte[1]; // what is seen there, by whomever, is nobody's business

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
