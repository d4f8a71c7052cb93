using TunnelAspire.Benchmarks.Contestants;

namespace TunnelAspire.Benchmarks.Report;

/// <summary>Everything that was measured, and everything that failed.</summary>
/// <param name="contestants">Who took part, in the tables' order.</param>
/// <param name="columns">What was measured, in the tables' order.</param>
internal sealed class Results(IReadOnlyList<Contestant> contestants, IReadOnlyList<Column> columns)
{
    /// <summary>What has failed where a contestant does not start.</summary>
    public const string Start = "start";

    private readonly Dictionary<(string Key, Column Column), List<double>> _samples = [];
    private readonly List<(Contestant Contestant, string What, string Reason)> _failures = [];

    public IReadOnlyList<Contestant> Contestants => contestants;

    public IReadOnlyList<Column> Columns => columns;

    /// <summary>What failed, in the tables' order, with the reason of the first time and how often.</summary>
    public IEnumerable<(Contestant Contestant, string What, string Reason, int Times)> Failures =>
        from contestant in contestants
        from failures in _failures.Where(failure => failure.Contestant == contestant).GroupBy(failure => failure.What)
        select (contestant, failures.Key, failures.First().Reason, failures.Count());

    /// <summary>Why a figure is missing; nothing where it was not tried.</summary>
    public string? Reason(string key, Column column) =>
        _failures.FindLast(failure => failure.Contestant.Key == key && (failure.What == column.Measure || failure.What == Start)).Reason;

    public void Add(Contestant contestant, Column column, double value)
    {
        if (!_samples.TryGetValue((contestant.Key, column), out List<double>? samples))
        {
            _samples[(contestant.Key, column)] = samples = [];
        }

        samples.Add(value);
    }

    public void Fail(Contestant contestant, string what, string reason) => _failures.Add((contestant, what, reason));

    /// <summary>How often that failed.</summary>
    public int CountFailures(Contestant contestant, string what) => _failures.Count(failure => failure.Contestant == contestant && failure.What == what);

    /// <summary>Median over the rounds; nothing where no round brought a figure.</summary>
    public double? Median(string key, Column column)
    {
        if (!_samples.TryGetValue((key, column), out List<double>? samples))
        {
            return null;
        }

        double[] sorted = [.. samples.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Its median as a part of that of the column's base.</summary>
    public double? Ratio(string key, Column column) =>
        Median(key, column) is { } value && Median(column.Base, column) is { } other && other > 0 ? value / other : null;

    /// <summary>Lowest and highest of the rounds.</summary>
    public (double Least, double Most)? Spread(string key, Column column) =>
        _samples.TryGetValue((key, column), out List<double>? samples) ? (samples.Min(), samples.Max()) : null;
}
