using TunnelAspire.Agent.Screen;
using TunnelAspire.Agent.Status;

namespace TunnelAspire.Tests.Agent.Screen;

/// <summary>The live view's lines: never wider nor more than the terminal, and the figures that count are there.</summary>
public sealed class StatusScreenTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<int, int, int, int, int, string> Sizes
    {
        get
        {
            TheoryData<int, int, int, int, int, string> sizes = [];
            foreach (int width in new[] { 40, 79, 80, 119, 160, 250 })
            {
                foreach (int height in new[] { 8, 24, 50 })
                {
                    sizes.Add(width, height, 1, 0, 0, "db");
                    sizes.Add(width, height, 3, 500, 100, "db");
                    sizes.Add(width, height, 60, 500, 100, "a-very-long-name-of-a-host-in-some-department.of-a-large-company.example");
                    sizes.Add(width, height, 2, 1, 1, "資料庫-データベース-데이터베이스");
                }
            }

            return sizes;
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Lines_OfAnyReport_FitTheTerminal(int width, int height, int forwards, int sessions, int events, string name)
    {
        IReadOnlyList<ScreenLine> lines = new StatusScreen(width, height, TimeZoneInfo.Utc).Lines(Report(forwards, sessions, events, name));

        Assert.All(lines, line => Assert.True(line.Width <= width, $"{line.Width} columns of {width}: '{line}'"));
        Assert.True(lines.Count < height, $"{lines.Count} lines of {height}:\n{string.Join('\n', lines)}");
        Assert.Contains("up 2:05 h", lines[0].ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(lines, line => line.Width == 0 && ReferenceEquals(line, lines[^1])); // no blank line at the end
    }

    [Fact]
    public void Lines_At80Columns_TellWhatCounts()
    {
        string text = string.Join('\n', new StatusScreen(80, 24, TimeZoneInfo.Utc).Lines(Report(3, 500, 5, "db")));

        Assert.Contains("stream up, burst down   round trip 12 ms   HTTP/1.1", text, StringComparison.Ordinal);
        Assert.Contains("          proxy 10.0.0.1:3128", text, StringComparison.Ordinal);
        Assert.Contains("up 1.20 MB/s (12.3 MB)   down 33.0 MB/s (1.23 GB)   5 retried requests", text, StringComparison.Ordinal);
        Assert.Contains("500 open   600 opened   7 failed", text, StringComparison.Ordinal);
        Assert.Matches(@"FORWARD +LISTENS ON +LEADS TO +OPEN +TAKEN\ndb0 +127\.0\.0\.1:5000 +db0:5432 +1 +20", text);
        Assert.Matches(@"SESSION +CLIENT +TARGET +AGE +UP +DOWN\ns0 +127\.0\.0\.1:40000 +db:5432 +4 s +1\.00 kB/s +-", text);
        Assert.Matches(@"and 49\d more sessions", text);
        Assert.Contains("12:00:00  event 4", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_WithoutAHeight_TellAll()
    {
        IReadOnlyList<ScreenLine> lines = new StatusScreen(160, null, TimeZoneInfo.Utc).Lines(Report(60, 500, 5, "db"));

        Assert.Contains(lines, line => line.ToString().StartsWith("s499 ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.ToString().StartsWith("db59 ", StringComparison.Ordinal));
        Assert.Contains("process 4711", lines[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_WhileTheRelaysCannotBeReached_SayWhy()
    {
        StatusReport report = Report(1, 0, 0, "db");
        report = report with { Path = report.Path with { Problem = "cannot connect to relay.example:443: Connection refused" } };

        Assert.Contains("Trouble   cannot connect to relay.example:443: Connection refused", string.Join('\n', new StatusScreen(80, 24, TimeZoneInfo.Utc).Lines(report)), StringComparison.Ordinal);
    }

    private static StatusReport Report(int forwards, int sessions, int events, string name) => new(
        "1.2.3",
        4711,
        Noon,
        null,
        null,
        new PathReport($"https://{name}/", "10.0.0.1:3128", true, "stream", "burst", 12.3, null, null, "HTTP/1.1", null),
        [.. Enumerable.Range(0, forwards).Select(i => new ForwardReport($"{name}{i}", $"127.0.0.1:{5000 + i}", i % 5 == 4 ? null : $"{name}{i}:5432", i % 7 == 6, 1, 20))],
        [.. Enumerable.Range(0, sessions).Select(i => new SessionReport($"s{i}", name, $"127.0.0.1:{40000 + i}", $"{name}:5432", name, 4 + i, 1000, 2000, i == 0 ? 1000 : 0, 0))],
        new TotalsReport(sessions, 600, 7, 12_345_678, 1_234_567_890, 0, 5, 1.2e6, 33e6, 7500),
        [.. Enumerable.Range(0, events).Select(i => new EventReport(Noon, i % 2 == 0 ? "Warning" : "Information", $"event {i}{(i % 3 == 2 ? string.Concat(Enumerable.Repeat($" {name}", 30)) : "")}"))]);
}
