using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;

namespace TunnelAspire.Benchmarks.Contestants;

/// <summary>The client end that websockify lacks: each local connection becomes a WebSocket of binary messages. A process of its own.</summary>
internal static class WebSocketClient
{
    private const int BufferSize = 64 * 1024;

    /// <summary>Serves until standard input ends, that is, until whoever started it has gone.</summary>
    public static async Task<int> RunAsync(int port, Uri server)
    {
        using TcpListener listener = new(IPAddress.Loopback, port);
        listener.Start(1024);
        Task ended = Task.Run(Console.In.ReadToEnd);
        while (!ended.IsCompleted)
        {
            Task<Socket> accepting = listener.AcceptSocketAsync();
            if (await Task.WhenAny(accepting, ended) == accepting)
            {
                _ = CarryAsync(await accepting, server);
            }
        }

        return 0;
    }

    private static async Task CarryAsync(Socket socket, Uri server)
    {
        using (socket)
        using (ClientWebSocket web = new())
        {
            socket.NoDelay = true;
            web.Options.AddSubProtocol("binary");
            web.Options.KeepAliveInterval = TimeSpan.Zero;
            try
            {
                await web.ConnectAsync(server, CancellationToken.None);
                Task up = UpAsync(socket, web);
                Task down = DownAsync(socket, web);
                await await Task.WhenAny(up, down); // where one has failed, the other need not end first
                await Task.WhenAll(up, down);
            }
            catch (Exception e) when (e is WebSocketException or SocketException)
            {
                // Either end has gone; the other one is let go of.
            }
        }
    }

    private static async Task UpAsync(Socket socket, ClientWebSocket web)
    {
        byte[] buffer = new byte[BufferSize];
        while (await socket.ReceiveAsync(buffer) is int count and > 0)
        {
            await web.SendAsync(buffer.AsMemory(0, count), WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
        }

        // The nearest that a WebSocket has to a half-close.
        await web.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }

    private static async Task DownAsync(Socket socket, ClientWebSocket web)
    {
        byte[] buffer = new byte[BufferSize];
        while (await web.ReceiveAsync(buffer.AsMemory(), CancellationToken.None) is { MessageType: not WebSocketMessageType.Close } part)
        {
            for (int sent = 0; sent < part.Count;)
            {
                sent += await socket.SendAsync(buffer.AsMemory(sent, part.Count - sent));
            }
        }

        socket.Shutdown(SocketShutdown.Send);
    }
}
