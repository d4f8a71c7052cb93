using System.Diagnostics;

namespace TunnelAspire.Benchmarks.Load;

/// <summary>Connections on which a short message goes to and fro, one at a time on each.</summary>
internal static class PingPong
{
    private const int WarmUp = 50;

    private sealed class Line
    {
        public int Received { get; set; }

        public int RoundTrips { get; set; } = -1;

        public long Sent { get; set; }
    }

    /// <summary>Median of the round trips in microseconds, and how many there were in a second.</summary>
    public readonly record struct Result(double MedianMicroseconds, double PerSecond);

    /// <summary>Plays for <paramref name="duration"/>, after some round trips on each connection that are not counted.</summary>
    public static Result Run(int port, int connections, int size, TimeSpan duration, TimeSpan patience)
    {
        using Clients clients = new(port, patience);
        byte[] message = Pattern.At(0, size).ToArray();
        Dictionary<int, Line> lines = [];
        for (int i = 0; i < connections; i++)
        {
            lines[clients.Dial()] = new Line();
        }

        List<double> times = new(200_000);
        byte[] buffer = new byte[size];
        long begun = 0;
        int warm = 0;
        while (begun == 0 || Stopwatch.GetElapsedTime(begun) < duration)
        {
            int ready = clients.Wait($"after {times.Count} round trips");
            for (int i = 0; i < ready; i++)
            {
                int socket = clients.Ready(i).Socket;
                if (Advance(clients, socket, lines[socket], message, buffer) is not { } time)
                {
                    continue;
                }

                warm += lines[socket].RoundTrips == WarmUp ? 1 : 0;
                if (begun != 0)
                {
                    times.Add(time);
                }
                else if (warm == connections)
                {
                    begun = Stopwatch.GetTimestamp();
                }
            }
        }

        double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        times.Sort();
        return times.Count > 0 ? new Result(times[times.Count / 2], times.Count / seconds) : throw new LoadException("stalls: no round trip");
    }

    /// <summary>Returns the microseconds of a round trip that has just ended.</summary>
    private static double? Advance(Clients clients, int socket, Line line, byte[] message, byte[] buffer)
    {
        if (line.RoundTrips < 0)
        {
            line.RoundTrips = 0;
            clients.Listen(socket);
            Clients.Send(socket, [(byte)Request.Echo, .. message]);
            line.Sent = Stopwatch.GetTimestamp();
            return null;
        }

        int count = Clients.Receive(socket, buffer.AsSpan(0, message.Length - line.Received));
        if (!buffer.AsSpan(0, count).SequenceEqual(message.AsSpan(line.Received, count)))
        {
            throw new LoadException("the echo differs");
        }

        line.Received += count;
        if (line.Received < message.Length)
        {
            return null;
        }

        double time = Stopwatch.GetElapsedTime(line.Sent).TotalMicroseconds;
        line.Received = 0;
        line.RoundTrips++;
        line.Sent = Stopwatch.GetTimestamp();
        Clients.Send(socket, message);
        return time;
    }
}
