using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.Benchmarks;

/// <summary>One TCP connection through agent, relay and connector, beside the same connection over loopback alone, in the same run.</summary>
internal static class WholePath
{
    private const long Bytes = 512L * 1024 * 1024;
    private const int RoundTrips = 3000;
    private static readonly string[] Modes = ["poll", "burst"];

    private sealed record Figures(double Up, double Down, double RoundTrip);

    /// <summary>Runs it; returns a table in Markdown.</summary>
    public static async Task<string> MeasureAsync()
    {
        using Socket listener = Loopback.Listen(out int target);
        Figures bare = await MeasureAsync(target, listener);
        StringBuilder report = new();
        report.AppendLine("| path | up, MB/s | down, MB/s | 64-byte round trip, µs (median) | up, of bare | down, of bare |").AppendLine("|---|---|---|---|---|---|");
        Append(report, "bare loopback", bare, bare);
        await using Tunnel tunnel = await Tunnel.StartAsync();
        foreach (string mode in Modes)
        {
            (_, int port) = await tunnel.StartAgentAsync(target, null, "--mode", mode);
            await MeasureAsync(port, listener); // warm
            Append(report, mode, await MeasureAsync(port, listener), bare);
        }

        return report.ToString();
    }

    private static async Task<Figures> MeasureAsync(int port, Socket listener)
    {
        (Socket client, Socket target) = await Loopback.ConnectThroughAsync(port, listener);
        using (client)
        using (target)
        {
            double roundTrip = await RoundTripAsync(client, target);
            return new Figures(await PumpAsync(client, target), await PumpAsync(target, client), roundTrip);
        }
    }

    private static async Task<double> PumpAsync(Socket from, Socket to)
    {
        long begun = Stopwatch.GetTimestamp();
        Task sending = Task.Run(async () =>
        {
            byte[] block = new byte[256 * 1024];
            for (long sent = 0; sent < Bytes;)
            {
                sent += await from.SendAsync(block.AsMemory(0, (int)Math.Min(block.Length, Bytes - sent)));
            }
        });
        byte[] buffer = new byte[256 * 1024];
        for (long received = 0; received < Bytes;)
        {
            received += await to.ReceiveAsync(buffer);
        }

        await sending;
        return Bytes / 1e6 / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    private static async Task<double> RoundTripAsync(Socket client, Socket target)
    {
        byte[] message = new byte[64];
        double[] times = new double[RoundTrips];
        for (int i = 0; i < RoundTrips; i++)
        {
            long begun = Stopwatch.GetTimestamp();
            await PassAsync(client, target, message);
            await PassAsync(target, client, message);
            times[i] = Stopwatch.GetElapsedTime(begun).TotalMicroseconds;
        }

        Array.Sort(times);
        return times[RoundTrips / 2];
    }

    private static async Task PassAsync(Socket from, Socket to, byte[] message)
    {
        await from.SendAsync(message);
        for (int received = 0; received < message.Length;)
        {
            received += await to.ReceiveAsync(message.AsMemory(received));
        }
    }

    private static void Append(StringBuilder report, string path, Figures figures, Figures bare) => report.AppendLine(
        CultureInfo.InvariantCulture,
        $"| {path} | {figures.Up:0} | {figures.Down:0} | {figures.RoundTrip:0} | {figures.Up / bare.Up:0.00} | {figures.Down / bare.Down:0.00} |");
}
