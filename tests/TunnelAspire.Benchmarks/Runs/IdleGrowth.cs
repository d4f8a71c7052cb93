using System.Diagnostics;
using System.Globalization;
using System.Text;
using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Load;
using TunnelAspire.Benchmarks.Measures;
using TunnelAspire.Benchmarks.Processes;

namespace TunnelAspire.Benchmarks.Runs;

/// <summary>Many idle sessions through one contestant: memory of each process, processor time while nothing happens, and whether it grows evenly.</summary>
/// <param name="load">The load.</param>
/// <param name="create">A contestant, not started. Where the system allows a process too few sockets, several share the sessions.</param>
internal sealed class IdleGrowth(LoadClient load, Func<Contestant> create)
{
    private const int SocketsBesides = 500;
    private const double MostGrowth = 1.10;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly StringBuilder _table = new();
    private readonly List<Contestant> _standing = [];

    /// <summary>What one number of sessions cost.</summary>
    private sealed record Reading(int Sessions, int Answering, double KiBPerSession);

    /// <summary>Measures each number of sessions on processes started anew.</summary>
    /// <returns>A report in Markdown, and whether all answered and memory for a session stayed within 10 %.</returns>
    public async Task<(string Report, bool Holds)> RunAsync(IReadOnlyList<int> counts, CancellationToken cancellationToken)
    {
        _table.AppendLine(CultureInfo.InvariantCulture, $"### Idle sessions: {create().Name}").AppendLine();
        _table.AppendLine("| sessions | answering afterwards | process | with the first few, KiB | with all, KiB | KiB a session | CPU s/minute while idle |");
        _table.AppendLine("|---:|---:|---|---:|---:|---:|---:|");
        List<Reading> readings = [];
        foreach (int count in counts)
        {
            try
            {
                readings.Add(await MeasureAsync(count, cancellationToken));
            }
            finally
            {
                await EndAsync();
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
        int sets = await StartAsync(count, cancellationToken);
        int each = count / sets;
        count = each * sets;
        await EachAsync(contestant => IdleMemory.BeginAsync(contestant, load, each, cancellationToken));
        await IdleMemory.SettleAsync(cancellationToken);
        string[] names = [.. _standing[0].Processes.Select(process => process.Name)];
        long[] before = await IdleMemory.MedianAsync(() => Sum(ProcessTree.ResidentKiB), cancellationToken);
        await OpenAsync(each, cancellationToken);
        await Task.Delay(IdleMemory.Parked, cancellationToken);
        long[] after = await IdleMemory.MedianAsync(() => Sum(ProcessTree.ResidentKiB), cancellationToken);
        double[] used = await ProcessorAsync(cancellationToken);
        int answering = 0;
        await EachAsync(async contestant => answering += await load.CountAnsweringAsync(contestant.Port, cancellationToken));
        await EachAsync(contestant => load.CloseAsync(contestant.Port, cancellationToken));
        for (int i = 0; i < names.Length; i++)
        {
            Append(count, answering, names[i], before[i], after[i], ForASession(before[i], after[i]), used[i]);
        }

        double figure = ForASession(before.Sum(), after.Sum());
        Append(count, answering, "all together", before.Sum(), after.Sum(), figure, used.Sum());
        return new Reading(count, answering, figure);

        // Both readings are sums over the sets.
        double ForASession(long least, long most) => IdleMemory.ForASession(least, most, each) / sets;
    }

    private async Task OpenAsync(int each, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        await EachAsync(contestant => IdleMemory.GoOnAsync(contestant, load, each, cancellationToken));
        Stage.Tell($"opened in {Stopwatch.GetElapsedTime(begun).TotalSeconds:0} s; parked for {IdleMemory.Parked.TotalSeconds} s");
    }

    /// <summary>Starts as many as are needed; returns how many those are.</summary>
    private async Task<int> StartAsync(int count, CancellationToken cancellationToken)
    {
        int most = (Surroundings.SocketsAllowed - SocketsBesides) / create().SocketsOfASession;
        int sets = (count + most - 1) / most;
        Stage.Tell($"{count} sessions{(sets > 1 ? $" through {sets} sets of processes: each process may have {Surroundings.SocketsAllowed} sockets" : "")}");
        for (int i = 0; i < sets; i++)
        {
            _standing.Add(create());
            await _standing[^1].StartAsync(load.Target, cancellationToken);
        }

        return sets;
    }

    private async Task EndAsync()
    {
        foreach (Contestant contestant in _standing)
        {
            await contestant.DisposeAsync();
        }

        _standing.Clear();
    }

    private async Task EachAsync(Func<Contestant, Task> action)
    {
        foreach (Contestant contestant in _standing)
        {
            await action(contestant);
        }
    }

    /// <summary>A figure of each kind of process, of all contestants together.</summary>
    private T[] Sum<T>(Func<IEnumerable<int>, T> read) =>
        [.. Enumerable.Range(0, _standing[0].Processes.Count).Select(part => read(_standing.Select(contestant => contestant.Processes[part].Id)))];

    private async Task<double[]> ProcessorAsync(CancellationToken cancellationToken)
    {
        Stage.Tell("reading the processor time of a minute");
        double[] before = Sum(ProcessTree.ProcessorSeconds);
        await Task.Delay(Minute, cancellationToken);
        return [.. Sum(ProcessTree.ProcessorSeconds).Zip(before, (after, earlier) => after - earlier)];
    }

    private void Append(int count, int answering, string process, long before, long after, double each, double used) => _table.AppendLine(
        CultureInfo.InvariantCulture, $"| {count} | {answering} | {process} | {before} | {after} | {each:0.0} | {used:0.00} |");
}
