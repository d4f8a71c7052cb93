using System.Net;
using System.Net.Sockets;

namespace TunnelAspire.EmbeddedHosting.Running;

/// <summary>One port before the replicas of a project; each TCP connection goes to one that is ready, at random.</summary>
internal sealed class ReplicaProxy(string endpointName, int port, IReadOnlyList<Replica> replicas)
{
    /// <summary>Accepts on both loopback addresses, as <c>localhost</c> may mean either, until told to stop.</summary>
    public Task RunAsync(CancellationToken stop)
    {
        TcpListener[] listeners = [new(IPAddress.Loopback, port), .. Socket.OSSupportsIPv6 ? [new TcpListener(IPAddress.IPv6Loopback, port)] : Array.Empty<TcpListener>()];
        Array.ForEach(listeners, listener => listener.Start(backlog: 512));
        return Task.WhenAll(listeners.Select(listener => AcceptAsync(listener, stop)));
    }

    private async Task AcceptAsync(TcpListener listener, CancellationToken stop)
    {
        using (listener)
        {
            try
            {
                while (true)
                {
                    Socket client = await listener.AcceptSocketAsync(stop);
                    _ = CarryAsync(client, stop);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // Told to stop.
            }
        }
    }

    private async Task CarryAsync(Socket client, CancellationToken stop)
    {
        using (client)
        {
            using Socket? replica = await ConnectAsync(stop);
            if (replica is null)
            {
                client.Close(timeout: 0); // a reset: nobody is there
                return;
            }

            client.NoDelay = replica.NoDelay = true;
            try
            {
                await Task.WhenAll(CopyAsync(client, replica, stop), CopyAsync(replica, client, stop));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                client.Close(timeout: 0); // one side broke, or the application stops
            }
        }
    }

    /// <summary>Tries the ready ones in random order.</summary>
    private async Task<Socket?> ConnectAsync(CancellationToken stop)
    {
        Replica[] ready = [.. replicas.Where(replica => replica.IsReady)];
        Random.Shared.Shuffle(ready);
        foreach (Replica replica in ready)
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, replica.TargetPort(endpointName), stop);
                return socket;
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                socket.Dispose(); // it has just ended, or the application stops
            }
        }

        return null;
    }

    /// <summary>Copies one direction, and passes its end on as an end; the other direction may go on.</summary>
    private static async Task CopyAsync(Socket from, Socket to, CancellationToken stop)
    {
        try
        {
            byte[] buffer = new byte[64 * 1024];
            int read;
            while ((read = await from.ReceiveAsync(buffer, stop)) > 0)
            {
                for (int sent = 0; sent < read;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), stop);
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // One side broke: end the other direction's wait too.
            from.Dispose();
            to.Dispose();
            throw;
        }
    }
}
