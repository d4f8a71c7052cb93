using System.CommandLine;
using System.Globalization;
using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Load;
using TunnelAspire.Benchmarks.Runs;

namespace TunnelAspire.Benchmarks.Commands;

/// <summary><c>idle</c>: what many sessions cost that carry nothing.</summary>
internal sealed class IdleCommand : RunCommand
{
    private readonly Option<string> _sessions = new("--sessions")
    {
        Description = "Numbers of sessions, with commas between",
        DefaultValueFactory = _ => "1000,10000",
    };

    private readonly Option<string> _contestant = new("--contestant")
    {
        Description = "Whom to measure",
        DefaultValueFactory = _ => $"{OwnRelayed.ServerKey}-stream",
    };

    /// <summary>The command with its options.</summary>
    public IdleCommand()
        : base("idle", "Measure memory and processor time of many idle sessions")
    {
        Add(_sessions);
        Add(_contestant);
    }

    protected override Task<(string Report, bool Holds)> ReportAsync(ParseResult arguments, LoadClient load, CancellationToken cancellationToken)
    {
        int[] counts = [.. Words(arguments.GetValue(_sessions)).Select(Count)];
        string key = Lineup.One(arguments.GetValue(_contestant)!).Key;
        return counts.Length > 0
            ? new IdleGrowth(load, () => Lineup.One(key)).RunAsync(counts, cancellationToken)
            : throw new FormatException("--sessions names no number");
    }

    private static int Count(string word) =>
        int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= 20_000
            ? count
            : throw new FormatException($"--sessions are numbers from 1 to 20000, not '{word}'");
}
