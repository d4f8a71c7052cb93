using System.Globalization;
using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.IntegrationTests.Telemetry;

/// <summary>
/// What the processes of a tunnel hold: sessions, requests, buffers and timers as their own metrics tell, sockets and memory as the
/// system does. Taken at rest before something is done to them, and compared when all is over.
/// </summary>
/// <remarks>
/// The processes must export to the collector: start them with <see cref="Collector.Environment"/>.
/// </remarks>
public sealed class Leftovers
{
    /// <summary>Of these nothing may stay: the metric's name, and how much more than before is none.</summary>
    private static readonly (string Metric, double Slack)[] Counted =
    [
        ("tunnel.sessions.open", 0),
        ("tunnel.requests.parked", 0),
        ("tunnel.buffers.bytes", 0),
        ("tunnel.relay.requests.active", 0),
        ("dotnet.timer.count", 12), // those of connection pools, of which one may stand for each connection's end
    ];

    /// <summary>Told, but not demanded: what the web server forgets to give back counts until the next collection of garbage.</summary>
    private const string ServerBuffers = "tunnel.server.buffers.bytes";

    /// <summary>Told, but not demanded: the part of the resident memory that is the collector's.</summary>
    private const string Heap = "dotnet.gc.last_collection.memory.committed_size";

    private readonly Collector _collector;
    private readonly IReadOnlyList<(string Name, int Process)> _processes;
    private readonly Dictionary<string, Holding> _before;

    private sealed record Holding(IReadOnlyDictionary<string, double> Metrics, int Sockets, long ResidentKiB);

    private Leftovers(Collector collector, IReadOnlyList<(string, int)> processes, Dictionary<string, Holding> before) =>
        (_collector, _processes, _before) = (collector, processes, before);

    /// <summary>Takes what they hold now. The processes should have worked before: the first work makes pools that stay.</summary>
    public static async Task<Leftovers> TakeAsync(Collector collector, params (string Name, int Process)[] processes)
    {
        Dictionary<string, Holding> before = [];
        foreach ((string name, int process) in processes)
        {
            before[name] = await FreshAsync(collector, name, process);
        }

        return new Leftovers(collector, processes, before);
    }

    /// <summary>Waits until nothing is left over; fails with what is.</summary>
    /// <param name="sockets">How many sockets more than before are none: connections that are kept for the next request.</param>
    /// <param name="memory">How much the resident memory may have grown, as a part of what it was.</param>
    /// <param name="memoryMiB">So much more memory is none, in MiB: code that was compiled again, faster, since; stacks of threads.</param>
    /// <param name="patience">How long things may take to go: connections that are kept go after a minute or two.</param>
    /// <param name="now">The processes that have taken the places of some, each compared with the one of its name.</param>
    /// <returns>What each process holds, before and after, in a line for each.</returns>
    public async Task<string> RequireNoneAsync(int sockets = 8, double memory = 0.2, int memoryMiB = 0, TimeSpan? patience = null, params (string Name, int Process)[] now)
    {
        double Most(long residentKiB) => (residentKiB * (1 + memory)) + (memoryMiB * 1024L);
        List<string> left = [];
        List<string> report = [];
        try
        {
            await Waiting.UntilAsync(
                async () =>
                {
                    (left, report) = ([], []);
                    foreach ((string name, int process) in now.Length > 0 ? now : _processes)
                    {
                        Compare(name, _before[name], await FreshAsync(_collector, name, process), sockets, Most, left, report);
                    }

                    return left.Count == 0;
                },
                "nothing is left over",
                patience ?? TimeSpan.FromSeconds(60));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}; left over: {string.Join("; ", left)}", e);
        }

        return string.Join('\n', report);
    }

    private static void Compare(string name, Holding before, Holding now, int sockets, Func<long, double> memory, List<string> left, List<string> report)
    {
        List<string> figures = [];
        void Check(string what, double was, double holds, double most)
        {
            figures.Add(string.Create(CultureInfo.InvariantCulture, $"{what} {was:0} -> {holds:0}"));
            if (holds > most)
            {
                left.Add($"{name}: {figures[^1]}");
            }
        }

        foreach (string told in (string[])[ServerBuffers, Heap])
        {
            figures.Add(string.Create(CultureInfo.InvariantCulture, $"{told} {before.Metrics.GetValueOrDefault(told):0} -> {now.Metrics.GetValueOrDefault(told):0}"));
        }

        foreach ((string metric, double slack) in Counted)
        {
            if (now.Metrics.TryGetValue(metric, out double holds))
            {
                double was = before.Metrics.GetValueOrDefault(metric);
                Check(metric, was, holds, was + slack);
            }
        }

        Check("sockets", before.Sockets, now.Sockets, before.Sockets + sockets);
        Check("resident KiB", before.ResidentKiB, now.ResidentKiB, memory(before.ResidentKiB));
        report.Add($"{name}: {string.Join(", ", figures)}");
    }

    /// <summary>What the process holds, by metrics that it measured after the call.</summary>
    private static async Task<Holding> FreshAsync(Collector collector, string name, int process)
    {
        DateTimeOffset since = TimeProvider.System.GetUtcNow() + TimeSpan.FromMilliseconds(100); // an export may be under way
        ProcessMetrics? metrics = null;
        await Waiting.UntilAsync(
            () => collector.Processes.TryGetValue(process, out metrics) && metrics.At > since,
            $"{name} exports its metrics (it is process {process}; known: {string.Join(", ", collector.Processes.Keys)})");
        return new Holding(metrics!.Values, Sockets(process), ResidentKiB(process));
    }

    private static int Sockets(int process) => Directory.EnumerateFiles($"/proc/{process}/fd").Count(IsSocket);

    private static bool IsSocket(string file)
    {
        try
        {
            return new FileInfo(file).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true;
        }
        catch (IOException)
        {
            return false; // closed a moment ago
        }
    }

    private static long ResidentKiB(int process)
    {
        // VmRSS:     81920 kB
        string line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
