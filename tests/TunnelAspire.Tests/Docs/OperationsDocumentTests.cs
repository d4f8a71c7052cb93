using System.Text.RegularExpressions;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Docs;

/// <summary>What docs/operations.md lists is what the code has: each metric, each line of the log.</summary>
public sealed partial class OperationsDocumentTests
{
    private static readonly string Document = Repository.Read("docs/operations.md");

    [Fact]
    public void Metrics_OfTheCode_AreThoseOfTheDocument()
    {
        SortedSet<string> made = [.. Repository.Sources().SelectMany(source => Instrument().Matches(source)).Select(match => match.Groups["name"].Value)];
        SortedSet<string> told = [.. MetricRow().Matches(Document).Select(match => match.Groups["name"].Value)];

        Assert.NotEmpty(made);
        Assert.Equal(made, told);
    }

    [Fact]
    public void Events_OfTheCode_AreThoseOfTheDocument()
    {
        SortedSet<string> made = [.. Repository.Sources().SelectMany(source => Event().Matches(source)).Select(match => $"{match.Groups["id"].Value} {match.Groups["level"].Value}")];
        SortedSet<string> told = [.. EventRow().Matches(Document).Select(match => $"{match.Groups["id"].Value} {match.Groups["level"].Value}")];

        Assert.NotEmpty(made);
        Assert.Equal(made, told);
    }

    [Fact]
    public void Tables_OfTheDocument_AreWhole()
    {
        // A row without a head above it is text for whoever renders it.
        string[] lines = Document.Split('\n');
        Assert.DoesNotContain(Enumerable.Range(1, lines.Length - 2), i => lines[i].StartsWith('|') && !lines[i - 1].StartsWith('|') && !lines[i + 1].StartsWith("|-", StringComparison.Ordinal));
    }

    // CreateCounter<long>("tunnel.sessions.opened",
    [GeneratedRegex("""Create(Observable)?(Counter|UpDownCounter|Histogram|Gauge)(<\w+>)?\("(?<name>tunnel\.[a-z.]+)""", RegexOptions.ExplicitCapture)]
    private static partial Regex Instrument();

    // | `tunnel.sessions.opened` | counter,
    [GeneratedRegex("""^\| `(?<name>tunnel\.[a-z.]+)` \| (counter|up-down|histogram|gauge)""", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex MetricRow();

    // [LoggerMessage(2020, LogLevel.Warning,
    [GeneratedRegex("""LoggerMessage\((?<id>\d+), LogLevel\.(?<level>\w+)""", RegexOptions.ExplicitCapture)]
    private static partial Regex Event();

    // | 2020 | Warning |
    [GeneratedRegex("""^\| (?<id>\d{4}) \| (?<level>\w+) \|""", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex EventRow();
}
