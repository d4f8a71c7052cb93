using System.Diagnostics;

namespace TunnelAspire.Benchmarks.Load;

/// <summary>Connections on which a short message goes to and fro, one at a time on each.</summary>
internal static class PingPong
{
    private const int WarmUpRoundTrips = 50;
    private const int MostBytes = 1024;
    private const int MostTimes = 200_000;

    private sealed class Line
    {
        public int Received { get; set; }

        public int RoundTrips { get; set; } = -1;

        public long Sent { get; set; }
    }

    /// <summary>Median of the round trips in microseconds, how many there were in a second, and what 99 of 100 took at the most.</summary>
    public readonly record struct Result(double MedianMicroseconds, double PerSecond, double P99Microseconds);

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

        WarmUp(clients, lines, message);
        List<double> times = new(MostTimes);
        long begun = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begun) < duration)
        {
            Advance(clients, lines, message, times.Add);
        }

        double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        times.Sort();
        return times.Count > 0 ? new Result(times[times.Count / 2], times.Count / seconds, times[times.Count * 99 / 100]) : throw new LoadException("stalls: no round trip");
    }

    private static void WarmUp(Clients clients, Dictionary<int, Line> lines, byte[] message)
    {
        while (lines.Values.Any(line => line.RoundTrips < WarmUpRoundTrips))
        {
            Advance(clients, lines, message, _ => { });
        }
    }

    private static void Advance(Clients clients, Dictionary<int, Line> lines, byte[] message, Action<double> ended)
    {
        int ready = clients.Wait("in a ping-pong");
        for (int i = 0; i < ready; i++)
        {
            int socket = clients.Ready(i).Socket;
            if (Advance(clients, socket, lines[socket], message) is { } time)
            {
                ended(time);
            }
        }
    }

    /// <summary>Returns the microseconds of a round trip that has just ended.</summary>
    private static double? Advance(Clients clients, int socket, Line line, byte[] message)
    {
        if (line.RoundTrips < 0)
        {
            line.RoundTrips = 0;
            clients.Listen(socket);
            Clients.Send(socket, [(byte)Request.Echo, .. message]);
            line.Sent = Stopwatch.GetTimestamp();
            return null;
        }

        Span<byte> buffer = stackalloc byte[MostBytes];
        int count = Clients.Receive(socket, buffer[..(message.Length - line.Received)]);
        if (!buffer[..count].SequenceEqual(message.AsSpan(line.Received, count)))
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
