using System.Net;
using System.Net.Sockets;

namespace TunnelAspire.IntegrationTests.Harness;

/// <summary>Ports and connections on this machine.</summary>
public static class Loopback
{
    /// <summary>A port that was free a moment ago, for a program that cannot let the system choose.</summary>
    public static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>A listener on a port of the system's choice.</summary>
    public static Socket Listen(out int port)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        return socket;
    }

    /// <summary>Waits until a program accepts connections at the port.</summary>
    public static Task AcceptsAsync(int port, string program) => Waiting.UntilAsync(
        async () =>
        {
            try
            {
                using Socket socket = await ConnectAsync(port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        },
        $"{program} accepts connections");

    public static async Task<Socket> ConnectAsync(int port)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }

    /// <summary>A client's connection through a forward, and the connection that reaches the target for it.</summary>
    public static async Task<(Socket Client, Socket Target)> ConnectThroughAsync(int localPort, Socket target)
    {
        Socket client = await ConnectAsync(localPort);
        return (client, await target.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(30)));
    }

    /// <summary>Ends the connection with a reset.</summary>
    public static void Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Dispose();
    }

    /// <summary>Waits until the peer has ended the connection: true with a reset, false in order.</summary>
    public static async Task<bool> EndedByResetAsync(Socket socket, TimeSpan patience)
    {
        using CancellationTokenSource limit = new(patience);
        byte[] buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, limit.Token) > 0)
            {
                // Bytes that were under way.
            }

            return false;
        }
        catch (SocketException)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            // The limit: nothing else cancels.
            throw new TimeoutException($"the connection still stands after {patience.TotalSeconds} s");
        }
    }
}
