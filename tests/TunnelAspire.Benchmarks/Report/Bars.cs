using System.Globalization;
using TunnelAspire.Benchmarks.Contestants;

namespace TunnelAspire.Benchmarks.Report;

/// <summary>What the project demands of itself, beside what was measured.</summary>
internal static class Bars
{
    private const string NodeStream = $"{OwnNode.ServerKey}-stream";
    private const string RelayStream = $"{OwnRelayed.ServerKey}-stream";
    private const string RelayPoll = $"{OwnRelayed.ServerKey}-poll";

    /// <summary>One demand: a ratio to the column's base or, where <paramref name="Absolute"/>, a figure.</summary>
    private sealed record Bar(string Key, Column Column, double Bound, bool Absolute = false);

    private static readonly Bar[] All =
    [
        new(NodeStream, Column.Up, 1.8), new(NodeStream, Column.Down, 1.8),
        new(NodeStream, Column.ProcessorUp, 1.5), new(NodeStream, Column.ProcessorDown, 1.5),
        new(NodeStream, Column.RoundTrip, 0.75), new(NodeStream, Column.Messages, 1.0), new(NodeStream, Column.Connections, 0.8),
        new(NodeStream, Column.Memory, 40, Absolute: true),
        new(RelayStream, Column.Up, 1.1), new(RelayStream, Column.Down, 1.1),
        new(RelayStream, Column.ProcessorUp, 3), new(RelayStream, Column.ProcessorDown, 3),
        new(RelayStream, Column.RoundTrip, 1.0), new(RelayStream, Column.Messages, 0.7), new(RelayStream, Column.Connections, 0.5),
        new(RelayStream, Column.Memory, 64, Absolute: true),
        new(RelayPoll, Column.Up, 0.5), new(RelayPoll, Column.Down, 0.5), new(RelayPoll, Column.RoundTrip, 2.5),
    ];

    /// <summary>A table in Markdown of those demands that could be checked; empty where none could.</summary>
    public static string Write(Results results)
    {
        string[] rows = [.. All.Select(bar => Row(results, bar)).OfType<string>()];
        return rows.Length == 0 ? "" : string.Join(
            Environment.NewLine, ["### Demands", "", "| | figure | demanded | measured | holds |", "|---|---|---:|---:|---|", .. rows, "", .. Behind(results), ""]);
    }

    private static string? Row(Results results, Bar bar)
    {
        if ((bar.Absolute ? results.Median(bar.Key, bar.Column) : results.Ratio(bar.Key, bar.Column)) is not { } value)
        {
            return null;
        }

        bool less = bar.Column.LessIsBetter;
        string what = bar.Absolute ? bar.Column.Title : $"{bar.Column.Title}, to {Name(results, bar.Column.Base)}";
        string verdict = (less ? value <= bar.Bound : value >= bar.Bound) ? "yes" : "**no**";
        return string.Create(CultureInfo.InvariantCulture, $"| {Name(results, bar.Key)} | {what} | {(less ? "≤" : "≥")} {bar.Bound} | {value:0.00} | {verdict} |");
    }

    /// <summary>Where one of the three that have demands is behind another HTTP tunnel.</summary>
    private static string[] Behind(Results results)
    {
        string[] behind =
        [
            .. from own in new[] { NodeStream, RelayStream, RelayPoll }
               from other in new[] { HttpTunnel.OneKey, V2Ray.OneKey, Websockify.OneKey }
               from column in results.Columns
               let mine = results.Median(own, column)
               let theirs = results.Median(other, column)
               where mine is not null && theirs is not null && (column.LessIsBetter ? mine > theirs : mine < theirs)
               select $"- {Name(results, own)} is behind {Name(results, other)}: {column.Title}: {column.Write(mine.Value)} to {column.Write(theirs.Value)}",
        ];
        return behind.Length > 0 ? behind : ["Ahead of the other HTTP tunnels in every figure that both have."];
    }

    private static string Name(Results results, string key) => results.Contestants.FirstOrDefault(contestant => contestant.Key == key)?.Name ?? key;
}
