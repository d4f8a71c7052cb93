using System.CommandLine;
using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Load;
using TunnelAspire.Benchmarks.Measures;
using TunnelAspire.Benchmarks.Report;
using TunnelAspire.Benchmarks.Runs;

namespace TunnelAspire.Benchmarks.Commands;

/// <summary><c>compare</c>: everybody side by side in one run.</summary>
internal sealed class CompareCommand : RunCommand
{
    private const int MostRounds = 1000;
    private const int MostSessions = 10_000;

    private static readonly string Contestants = string.Join(", ", Lineup.All().Select(contestant => contestant.Key));
    private static readonly string Measures = string.Join(", ", MeasureList.All().Select(measure => measure.Key).Append(MeasureList.Idle));

    private readonly Option<int> _rounds = new("--rounds")
    {
        Description = "How often each is measured; the tables show medians",
        DefaultValueFactory = _ => 5,
    };

    private readonly Option<string?> _only = new("--only") { Description = $"Contestants, with commas between: {Contestants}" };
    private readonly Option<string?> _measures = new("--measures") { Description = $"Measures, with commas between: {Measures}" };
    private readonly Option<int> _sessions = new("--sessions") { Description = "Idle sessions of each contestant", DefaultValueFactory = _ => 1000 };

    /// <summary>The command with its options.</summary>
    public CompareCommand()
        : base("compare", "Measure all contestants side by side, in rounds")
    {
        Add(_rounds);
        Add(_only);
        Add(_measures);
        Add(_sessions);
    }

    protected override async Task<(string Report, bool Holds)> ReportAsync(ParseResult arguments, LoadClient load, CancellationToken cancellationToken)
    {
        int rounds = Within(arguments.GetValue(_rounds), MostRounds, "--rounds");
        int sessions = Within(arguments.GetValue(_sessions), MostSessions, "--sessions");
        (IReadOnlyList<Measure> measures, bool idle) = MeasureList.Only(Words(arguments.GetValue(_measures)));
        Column[] columns = [.. measures.SelectMany(measure => measure.Columns).Concat(idle ? [Column.Memory] : [])];
        Results results = new(Lineup.Only(Words(arguments.GetValue(_only))), columns);
        await using Stage stage = new(load, results);
        await stage.StartAsync(cancellationToken);
        if (idle)
        {
            await IdleComparison.RunAsync(stage, sessions, cancellationToken);
        }

        await Comparison.RunAsync(stage, measures, measures.Count > 0 ? rounds : 0, cancellationToken);
        return (ResultTable.Write(results) + Environment.NewLine + Bars.Write(results), true);
    }

    private static int Within(int value, int most, string option) =>
        value >= 1 && value <= most ? value : throw new FormatException($"{option} is a number from 1 to {most}, not {value}");
}
