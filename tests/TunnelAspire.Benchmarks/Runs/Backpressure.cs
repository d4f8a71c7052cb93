using System.Globalization;
using System.Text;
using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Load;
using TunnelAspire.Benchmarks.Processes;

namespace TunnelAspire.Benchmarks.Runs;

/// <summary>
/// Clients that stop reading while the target sends without end: what they cost in memory, whether they lose anything when they
/// read on, and how much they slow another session.
/// </summary>
internal sealed class Backpressure(LoadClient load, Contestant contestant, int seconds)
{
    private const int Many = 100;
    private const int Transfers = 3;
    private const long TransferBytes = 128L << 20;
    private const long ReadOnBytes = 16L << 20;
    private const double LeastSpeed = 0.5;

    /// <summary>A quarter of the connector's default window, KiB: what a session may cost in each process.</summary>
    private const long Window = 4096;

    /// <summary>What a process may grow besides, KiB: pools, code, garbage of the others' transfers.</summary>
    private const long Besides = 16 * 1024;

    private readonly StringBuilder _report = new();
    private bool _holds = true;

    /// <summary>Runs it.</summary>
    /// <returns>A report in Markdown, and whether everything holds.</returns>
    public async Task<(string Report, bool Holds)> RunAsync(CancellationToken cancellationToken)
    {
        await using (contestant)
        {
            await contestant.StartAsync(load.Target, cancellationToken);
            for (int i = 0; i < Transfers; i++)
            {
                await SpeedAsync(cancellationToken); // warm
            }

            _report.AppendLine(CultureInfo.InvariantCulture, $"### Back-pressure: {contestant.Name}").AppendLine();
            _report.AppendLine("| sessions not read | process | before, KiB | at most meanwhile, KiB | KiB a session | holds |").AppendLine("|---:|---|---:|---:|---:|---|");
            double alone = await MedianSpeedAsync(cancellationToken);
            await StallAsync(1, null, cancellationToken);
            double beside = 0;
            await StallAsync(Many, async () => beside = await MedianSpeedAsync(cancellationToken), cancellationToken);
            _report.AppendLine().AppendLine("All bytes arrived in order when the clients read on.").AppendLine();
            bool fast = beside >= alone * LeastSpeed;
            _holds &= fast;
            _report.AppendLine(
                CultureInfo.InvariantCulture,
                $"Another session: {alone:0} MB/s down alone, {beside:0} MB/s beside {Many} that are not read: {beside / alone:0.00} (at least {LeastSpeed}): {Verdict(fast)}.");
            return (_report.ToString(), _holds);
        }
    }

    private async Task StallAsync(int count, Func<Task>? meanwhile, CancellationToken cancellationToken)
    {
        Stage.Tell($"{contestant.Name}: not reading for {seconds} s: {count}");
        long[] before = Resident();
        long[] most = before;
        await load.StallAsync(contestant.Port, count, cancellationToken);
        for (int second = 0; second < seconds; second++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            most = [.. Resident().Zip(most, Math.Max)];
        }

        await (meanwhile?.Invoke() ?? Task.CompletedTask);
        Stage.Tell("they read on");
        await load.ReadOnAsync(contestant.Port, ReadOnBytes, cancellationToken);
        await load.CloseAsync(contestant.Port, cancellationToken);
        for (int i = 0; i < before.Length; i++)
        {
            long grown = most[i] - before[i];
            bool holds = grown <= (count * Window) + Besides;
            _holds &= holds;
            _report.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {count} | {contestant.Processes[i].Name} | {before[i]} | {most[i]} | {grown / (double)count:0} | {Verdict(holds)} |");
        }
    }

    private long[] Resident() => [.. contestant.Processes.Select(process => ProcessTree.ResidentKiB([process.Id]))];

    private async Task<double> MedianSpeedAsync(CancellationToken cancellationToken)
    {
        double[] speeds = new double[Transfers];
        for (int i = 0; i < Transfers; i++)
        {
            speeds[i] = await SpeedAsync(cancellationToken);
        }

        return speeds.Order().ElementAt(Transfers / 2);
    }

    /// <summary>Megabytes a second, down.</summary>
    private async Task<double> SpeedAsync(CancellationToken cancellationToken) =>
        TransferBytes / 1e6 / await load.TransferAsync(contestant.Port, 0, TransferBytes, cancellationToken);

    private static string Verdict(bool holds) => holds ? "holds" : "**does not hold**";
}
