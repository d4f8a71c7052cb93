using TunnelAspire.Benchmarks.Report;

namespace TunnelAspire.Benchmarks.Measures;

/// <summary>Everything that is measured in rounds, in the table's order. Idle memory is not: it is measured once, of all at the same time.</summary>
internal static class MeasureList
{
    /// <summary>The word for <see cref="IdleMemory"/>.</summary>
    public static string Idle => Column.Memory.Measure;

    public static IReadOnlyList<Measure> All() =>
    [
        new Throughput(up: true, down: false, Column.Up, Column.ProcessorUp),
        new Throughput(up: false, down: true, Column.Down, Column.ProcessorDown),
        new Throughput(up: true, down: true, Column.Both),
        new RoundTrip(),
        new Messages(),
        new Connections(),
        new HalfClosed(),
    ];

    /// <summary>Those that are named, or all where none is; and whether idle memory is among them.</summary>
    /// <exception cref="FormatException">There is no such measure.</exception>
    public static (IReadOnlyList<Measure> Measures, bool Idle) Only(IReadOnlyCollection<string> keys)
    {
        IReadOnlyList<Measure> all = All();
        string? unknown = keys.FirstOrDefault(key => key != Idle && all.All(measure => measure.Key != key));
        return unknown is null
            ? ([.. all.Where(measure => keys.Count == 0 || keys.Contains(measure.Key))], keys.Count == 0 || keys.Contains(Idle))
            : throw new FormatException($"there is no measure '{unknown}'; there are {string.Join(", ", all.Select(measure => measure.Key))}, {Idle}");
    }
}
