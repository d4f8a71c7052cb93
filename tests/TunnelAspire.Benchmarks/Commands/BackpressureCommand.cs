using System.CommandLine;
using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Load;
using TunnelAspire.Benchmarks.Runs;

namespace TunnelAspire.Benchmarks.Commands;

/// <summary><c>backpressure</c>: what clients cost that do not read.</summary>
internal sealed class BackpressureCommand : RunCommand
{
    private const int MostSeconds = 600;

    private readonly Option<int> _seconds = new("--seconds")
    {
        Description = "How long clients do not read",
        DefaultValueFactory = _ => 60,
    };

    private readonly Option<string> _contestant = new("--contestant")
    {
        Description = "Whom to measure",
        DefaultValueFactory = _ => $"{OwnRelayed.ServerKey}-stream",
    };

    /// <summary>The command with its options.</summary>
    public BackpressureCommand()
        : base("backpressure", "Measure what clients cost that do not read while the target sends without end")
    {
        Add(_seconds);
        Add(_contestant);
    }

    protected override Task<(string Report, bool Holds)> ReportAsync(ParseResult arguments, LoadClient load, CancellationToken cancellationToken)
    {
        int seconds = arguments.GetValue(_seconds);
        return seconds is >= 1 and <= MostSeconds
            ? new Backpressure(load, Lineup.One(arguments.GetValue(_contestant)!), seconds).RunAsync(cancellationToken)
            : throw new FormatException($"--seconds is a number from 1 to {MostSeconds}, not {seconds}");
    }
}
