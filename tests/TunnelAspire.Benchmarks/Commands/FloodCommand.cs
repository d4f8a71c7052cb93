using System.CommandLine;
using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Load;
using TunnelAspire.Benchmarks.Runs;

namespace TunnelAspire.Benchmarks.Commands;

/// <summary><c>flood</c>: what a flood of bad requests costs those who are served beside it.</summary>
internal sealed class FloodCommand : RunCommand
{
    private const int MostSeconds = 600;
    private const int MostPerSecond = 100_000;

    private readonly Option<int> _seconds = new("--seconds") { Description = "How long the flood lasts", DefaultValueFactory = _ => 20 };
    private readonly Option<int> _rate = new("--rate") { Description = "Bad requests a second", DefaultValueFactory = _ => 2000 };
    private readonly Option<string> _contestant = new("--contestant") { Description = "Whom to flood: node or relay, and the mode", DefaultValueFactory = _ => $"{OwnNode.ServerKey}-stream" };

    /// <summary>The command with its options.</summary>
    public FloodCommand()
        : base("flood", "Measure round trips at rest and beside a flood of bad requests")
    {
        Add(_seconds);
        Add(_rate);
        Add(_contestant);
    }

    protected override Task<(string Report, bool Holds)> ReportAsync(ParseResult arguments, LoadClient load, CancellationToken cancellationToken)
    {
        int seconds = Within("--seconds", arguments.GetValue(_seconds), MostSeconds);
        int rate = Within("--rate", arguments.GetValue(_rate), MostPerSecond);
        return Lineup.One(arguments.GetValue(_contestant)!) is OwnTunnel own
            ? new FloodRun(load, own, seconds, rate).RunAsync(cancellationToken)
            : throw new FormatException("--contestant is one of this project's own");
    }

    private static int Within(string option, int value, int most) =>
        value >= 1 && value <= most ? value : throw new FormatException($"{option} is a number from 1 to {most}, not {value}");
}
