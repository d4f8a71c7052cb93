using System.Diagnostics;

namespace TunnelAspire.Benchmarks.Load;

/// <summary>Short connections, several at once: connect, one byte there and back, close, the next one.</summary>
internal static class Connects
{
    private static readonly byte[] Greeting = [(byte)Request.Echo, (byte)'x'];

    /// <summary>Connections in a second.</summary>
    public static double Run(int port, int atOnce, TimeSpan duration, TimeSpan patience)
    {
        using Clients clients = new(port, patience);
        HashSet<int> greeted = [];
        byte[] buffer = new byte[4];
        int done = 0;
        long begun = Stopwatch.GetTimestamp();
        for (int i = 0; i < atOnce; i++)
        {
            clients.Dial();
        }

        double last = 0;
        while (clients.Count > 0)
        {
            int ready = clients.Wait($"after {done} connections");
            for (int i = 0; i < ready; i++)
            {
                int socket = clients.Ready(i).Socket;
                if (greeted.Add(socket))
                {
                    Clients.Send(socket, Greeting);
                    clients.Listen(socket);
                }
                else if (Clients.Receive(socket, buffer) > 0)
                {
                    clients.Close(socket);
                    greeted.Remove(socket);
                    done++;
                    last = Stopwatch.GetElapsedTime(begun).TotalSeconds;
                    if (last < duration.TotalSeconds)
                    {
                        clients.Dial();
                    }
                }
            }
        }

        return done / last;
    }
}
