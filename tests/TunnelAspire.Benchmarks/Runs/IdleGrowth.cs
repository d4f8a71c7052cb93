using System.Diagnostics;
using System.Globalization;
using System.Text;
using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Load;
using TunnelAspire.Benchmarks.Measures;
using TunnelAspire.Benchmarks.Processes;

namespace TunnelAspire.Benchmarks.Runs;

/// <summary>Many idle sessions through one contestant: memory of each process, processor time while nothing happens, and whether it grows evenly.</summary>
internal sealed class IdleGrowth(LoadClient load, Contestant contestant)
{
    private const double MostGrowth = 1.10;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly StringBuilder _table = new();

    /// <summary>What one number of sessions cost.</summary>
    private sealed record Reading(int Sessions, int Answering, double KiBPerSession);

    /// <summary>Measures each number of sessions on processes started anew.</summary>
    /// <returns>A report in Markdown, and whether all answered and memory for a session stayed within 10 %.</returns>
    public async Task<(string Report, bool Holds)> RunAsync(IReadOnlyList<int> counts, CancellationToken cancellationToken)
    {
        _table.AppendLine(CultureInfo.InvariantCulture, $"### Idle sessions: {contestant.Name}").AppendLine();
        _table.AppendLine("| sessions | answering afterwards | process | before, KiB | with the sessions, KiB | KiB a session | CPU s/minute while idle |");
        _table.AppendLine("|---:|---:|---|---:|---:|---:|---:|");
        List<Reading> readings = [];
        foreach (int count in counts)
        {
            await using (contestant)
            {
                readings.Add(await MeasureAsync(count, cancellationToken));
            }
        }

        double growth = readings[^1].KiBPerSession / readings[0].KiBPerSession;
        bool even = readings.Count == 1 || growth <= MostGrowth;
        if (readings.Count > 1)
        {
            _table.AppendLine().AppendLine(
                CultureInfo.InvariantCulture,
                $"Memory for a session, {readings[^1].Sessions} to {readings[0].Sessions}: {growth:0.00} (at most {MostGrowth:0.00}): {(even ? "holds" : "**does not hold**")}.");
        }

        return (_table.ToString(), even && readings.TrueForAll(reading => reading.Answering == reading.Sessions));
    }

    private async Task<Reading> MeasureAsync(int count, CancellationToken cancellationToken)
    {
        Stage.Tell($"{contestant.Name}: {count} sessions");
        await contestant.StartAsync(load.Target, cancellationToken);
        await IdleMemory.WarmUpAsync(contestant, load, cancellationToken);
        await IdleMemory.SettleAsync(cancellationToken);
        long[] before = Resident();
        long begun = Stopwatch.GetTimestamp();
        await load.OpenAsync(contestant.Port, count, cancellationToken);
        Stage.Tell($"opened in {Stopwatch.GetElapsedTime(begun).TotalSeconds:0} s; parked for {IdleMemory.Parked.TotalSeconds} s");
        await Task.Delay(IdleMemory.Parked, cancellationToken);
        long[] after = Resident();
        double[] used = await ProcessorAsync(cancellationToken);
        int answering = await load.CountAnsweringAsync(contestant.Port, cancellationToken);
        await load.CloseAsync(contestant.Port, cancellationToken);
        for (int i = 0; i < before.Length; i++)
        {
            Append(count, answering, contestant.Processes[i].Name, before[i], after[i], used[i]);
        }

        Append(count, answering, "all together", before.Sum(), after.Sum(), used.Sum());
        return new Reading(count, answering, (after.Sum() - before.Sum()) / (double)count);
    }

    private long[] Resident() => [.. contestant.Processes.Select(process => ProcessTree.ResidentKiB([process.Id]))];

    private double[] Processor() => [.. contestant.Processes.Select(process => ProcessTree.ProcessorSeconds([process.Id]))];

    private async Task<double[]> ProcessorAsync(CancellationToken cancellationToken)
    {
        Stage.Tell("reading the processor time of a minute");
        double[] before = Processor();
        await Task.Delay(Minute, cancellationToken);
        return [.. Processor().Zip(before, (after, earlier) => after - earlier)];
    }

    private void Append(int count, int answering, string process, long before, long after, double used) => _table.AppendLine(
        CultureInfo.InvariantCulture, $"| {count} | {answering} | {process} | {before} | {after} | {(after - before) / (double)count:0.0} | {used:0.00} |");
}
