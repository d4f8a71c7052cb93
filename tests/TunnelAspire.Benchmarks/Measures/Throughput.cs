using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Load;
using TunnelAspire.Benchmarks.Processes;
using TunnelAspire.Benchmarks.Report;

namespace TunnelAspire.Benchmarks.Measures;

/// <summary>
/// Bytes through one connection, one way or both at once, and the processor time of the contestant meanwhile. A sample is as large
/// as takes about a second, by the sample before it.
/// </summary>
internal sealed class Throughput(bool up, bool down, Column rate, Column? processor = null)
    : Measure(processor is null ? [rate] : [rate, processor])
{
    private const double Seconds = 1;
    private const long Least = 8L << 20;
    private const long Most = 1L << 30;
    private const double Gibibyte = 1L << 30;
    private const double Megabyte = 1e6;

    private readonly Dictionary<string, double> _rates = [];

    public override async Task<IReadOnlyList<Figure>> SampleAsync(Contestant contestant, LoadClient load, bool warmUp, CancellationToken cancellationToken)
    {
        long bytes = warmUp ? Least : (long)Math.Clamp(_rates.GetValueOrDefault(contestant.Key) * Seconds, Least, Most);
        int[] processes = [.. contestant.Processes.Select(process => process.Id)];
        double before = ProcessTree.ProcessorSeconds(processes);
        double seconds = await load.TransferAsync(contestant.Port, up ? bytes : 0, down ? bytes : 0, cancellationToken);
        double used = ProcessTree.ProcessorSeconds(processes) - before;
        _rates[contestant.Key] = bytes / seconds;
        List<Figure> figures = [new(rate, bytes * (up && down ? 2 : 1) / Megabyte / seconds)];
        if (processor is not null && processes.Length > 0)
        {
            figures.Add(new(processor, used / (bytes / Gibibyte)));
        }

        return figures;
    }
}
