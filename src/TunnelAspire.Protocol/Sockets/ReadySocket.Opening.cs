using System.Net;
using System.Net.Sockets;

namespace TunnelAspire.Protocol.Sockets;

/// <content>How connections come about.</content>
public sealed partial class ReadySocket
{
    /// <summary>Connects a new socket.</summary>
    /// <exception cref="SocketException">The peer refuses, or cannot be reached.</exception>
    public static async Task<ReadySocket> ConnectAsync(EndPoint address, CancellationToken cancellationToken)
    {
        Socket socket = address is IPEndPoint
            ? new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            : new(address.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        ReadySocket? connecting = null;
        try
        {
            if (!OperatingSystem.IsLinux() || address is not IPEndPoint)
            {
                await socket.ConnectAsync(address, cancellationToken);
                return new ReadySocket(socket);
            }

            socket.Blocking = false;
            LinuxCalls.Connect(socket, address);
            connecting = new ReadySocket(socket, address, SocketPoller.Choose());
            await connecting._writing.WaitAsync(cancellationToken);
            connecting.RequireHere();
            SocketError error = (SocketError)(int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
            return error == SocketError.Success ? connecting : throw new SocketException((int)error);
        }
        catch
        {
            connecting?.Dispose();
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The next connection to a socket that listens.</summary>
    public async ValueTask<Socket> AcceptAsync(CancellationToken cancellationToken)
    {
        while (_poller is not null)
        {
            _reading.Begin();
            if (Socket.Poll(0, SelectMode.SelectRead))
            {
                break;
            }

            await WaitAsync(cancellationToken);
        }

        return await Socket.AcceptAsync(cancellationToken);
    }

    private void RequireHere()
    {
        if (Left)
        {
            throw new SocketException((int)SocketError.NoBufferSpaceAvailable);
        }
    }
}
