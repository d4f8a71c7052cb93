using System.Net;
using System.Net.Sockets;

namespace TunnelAspire.Tests.Harness;

/// <summary>The two ends of a TCP connection on this machine. Whoever asks for them disposes both.</summary>
internal static class SocketPair
{
    public static (Socket Client, Socket Server) Connect()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Socket client = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.Connect(listener.LocalEndpoint);
        return (client, listener.AcceptSocket());
    }
}
