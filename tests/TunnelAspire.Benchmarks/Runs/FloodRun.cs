using System.Globalization;
using System.Text;
using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Load;
using TunnelAspire.Benchmarks.Processes;
using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.Benchmarks.Runs;

/// <summary>Round trips of good clients at rest, beside a flood of bad requests, and at rest again; and what the flood leaves in memory.</summary>
internal sealed class FloodRun(LoadClient load, OwnTunnel contestant, int seconds, int rate)
{
    private const int Clients = 4;
    private const int MessageSize = 64;
    private const double MostTimes = 5;
    private const double MostGrowth = 0.2;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);

    /// <summary>Runs it.</summary>
    /// <returns>A report in Markdown, and whether everything holds.</returns>
    public async Task<(string Report, bool Holds)> RunAsync(CancellationToken cancellationToken)
    {
        await using (contestant)
        {
            await contestant.StartAsync(load.Target, cancellationToken);
            Stage.Tell($"{contestant.Name}: warming up");
            await BesideFloodAsync(WarmUp, cancellationToken);
            Stage.Tell("at rest");
            PingPong.Result rest = await PingPongAsync(Rest, cancellationToken);
            long[] before = Resident();
            Stage.Tell($"beside {rate} bad requests a second, for {seconds} s");
            (PingPong.Result beside, Flood flood) = await BesideFloodAsync(TimeSpan.FromSeconds(seconds), cancellationToken);
            Stage.Tell("at rest again");
            PingPong.Result after = await PingPongAsync(Rest, cancellationToken);
            return Report(rest, beside, after, flood, before);
        }
    }

    private (string Report, bool Holds) Report(PingPong.Result rest, PingPong.Result beside, PingPong.Result after, Flood flood, long[] before)
    {
        double times = beside.P99Microseconds / rest.P99Microseconds;
        bool holds = times <= MostTimes;
        StringBuilder report = new();
        report.AppendLine(CultureInfo.InvariantCulture, $"### Flood: {contestant.Name}, {flood.Sent / (double)seconds:0} bad requests a second for {seconds} s").AppendLine();
        report.AppendLine(CultureInfo.InvariantCulture, $"{Clients} clients, round trips of {MessageSize} bytes, µs.").AppendLine();
        report.AppendLine("| | p50 | p99 | round trips a second |").AppendLine("|---|---:|---:|---:|");
        foreach ((string name, PingPong.Result result) in new[] { ("at rest", rest), ("beside the flood", beside), ("at rest again", after) })
        {
            report.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {result.MedianMicroseconds:0} | {result.P99Microseconds:0} | {result.PerSecond:0} |");
        }

        report.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"p99 beside the flood: {times:0.0} times that at rest (at most {MostTimes}): {Verdict(holds)}.");
        report.AppendLine(CultureInfo.InvariantCulture, $"Answers: {flood.Answers}.").AppendLine();
        report.AppendLine("| process | before, KiB | after, KiB | holds |").AppendLine("|---|---:|---:|---|");
        long[] now = Resident();
        for (int i = 0; i < before.Length; i++)
        {
            bool returned = now[i] <= before[i] * (1 + MostGrowth);
            holds &= returned;
            report.AppendLine(CultureInfo.InvariantCulture, $"| {contestant.Processes[i].Name} | {before[i]} | {now[i]} | {Verdict(returned)} |");
        }

        return (report.ToString(), holds);
    }

    private async Task<(PingPong.Result Result, Flood Flood)> BesideFloodAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        Flood flood = new(contestant.ServerPort, rate);
        Task flooding = flood.RunAsync(duration, cancellationToken);
        PingPong.Result result = await PingPongAsync(duration * 0.9, cancellationToken);
        await flooding;
        return (result, flood);
    }

    private Task<PingPong.Result> PingPongAsync(TimeSpan duration, CancellationToken cancellationToken) =>
        load.PingPongAsync(contestant.Port, Clients, MessageSize, duration, cancellationToken);

    private long[] Resident() => [.. contestant.Processes.Select(process => ProcessTree.ResidentKiB([process.Id]))];

    private static string Verdict(bool holds) => holds ? "holds" : "**does not hold**";
}
