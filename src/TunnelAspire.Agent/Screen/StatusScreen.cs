using System.Globalization;
using TunnelAspire.Agent.Status;

namespace TunnelAspire.Agent.Screen;

/// <summary>A report as lines that fit a terminal: the live view, and <c>tunnel status</c>.</summary>
/// <param name="width">Columns of the terminal.</param>
/// <param name="height">Its lines; null: as many as it takes.</param>
/// <param name="zone">The time zone of events.</param>
internal sealed class StatusScreen(int width, int? height, TimeZoneInfo zone)
{
    private const int LabelWidth = 10;
    private const int EventLines = 3; // of one event, at most
    private const int LastEvents = 10; // lines
    private const int Heading = 2; // lines above a table's rows: a blank one, and its titles
    private const string Between = "   ";

    /// <summary>The lines; never more, nor longer, than the terminal holds.</summary>
    public IReadOnlyList<ScreenLine> Lines(StatusReport report)
    {
        List<ScreenLine> lines = [Title(report), ScreenLine.Empty];
        lines.AddRange(Facts("Path", StatusFacts.Path(report.Path)));
        lines.AddRange(Problem(report.Path.Problem ?? ""));
        lines.AddRange(Facts("Traffic", StatusFacts.Traffic(report.Totals)));
        lines.AddRange(Facts("Sessions", StatusFacts.Sessions(report.Totals)));

        int left = height - lines.Count - 2 ?? int.MaxValue; // the last line is the footer's, above it a blank one
        int forEvents = Events(report.Events, Math.Max(1, Math.Min(LastEvents, left / 4))).Count;
        left -= forEvents > 0 ? forEvents + 1 : 0;
        int forSessions = report.Sessions.Count > 0 ? Heading + report.Sessions.Count : 0;
        int forwards = Shown(report.Forwards.Count, height is null ? left : Math.Max(1, Math.Max(left / 3, left - Heading - forSessions)));
        Section(lines, Table(StatusColumns.Forwards(report.Forwards), report.Forwards, forwards, "forward", forward => forward.Closing ? Look.Faint : Look.Plain));
        left -= Heading + Math.Min(report.Forwards.Count, forwards + 1);
        if (report.Sessions.Count > 0 && left > Heading)
        {
            int sessions = Shown(report.Sessions.Count, left - Heading);
            Section(lines, Table(StatusColumns.Sessions(report.Sessions, width), report.Sessions, sessions, "session", session => session.RateUp + session.RateDown > 0 ? Look.Plain : Look.Faint));
            left -= Heading + Math.Min(report.Sessions.Count, sessions + 1);
        }

        if (forEvents > 0)
        {
            Section(lines, Events(report.Events, height is null ? LastEvents : Math.Min(LastEvents, forEvents + Math.Max(0, left))));
        }

        return height is { } most && lines.Count > most - 1 ? lines[..Math.Max(1, most - 1)] : lines;
    }

    private ScreenLine Title(StatusReport report)
    {
        string name = $"tunnel {report.Version} ";
        string up = $"up {Figures.Time(report.Totals.UptimeSeconds)}";
        string process = height is null ? $"process {report.Pid}, {up}" : up;
        int room = width - Cells.Width(name) - Cells.Width(process) - 2;
        string server = Cells.Shorten(report.Path.Server, Math.Max(1, room));
        return new ScreenLine((name, Look.Strong), (height is null ? server : Cells.Fit(server, Math.Max(1, room)), Look.Plain), ($"  {process}", Look.Faint));
    }

    /// <summary>Why the relays cannot be reached at the moment.</summary>
    private IEnumerable<ScreenLine> Problem(string problem) => Cells.Wrap(problem, Math.Max(1, width - LabelWidth)).Take(EventLines)
        .Select((text, i) => new ScreenLine((Cells.Fit(i == 0 ? "Trouble" : "", LabelWidth), Look.Faint), (text, Look.Bad)));

    /// <summary>Facts behind a label, on as many lines as they take.</summary>
    private IEnumerable<ScreenLine> Facts(string label, IEnumerable<(string Text, Look Look)> facts)
    {
        List<(string, Look)> line = [(Cells.Fit(label, LabelWidth), Look.Faint)];
        int used = LabelWidth;
        foreach ((string text, Look look) in facts)
        {
            if (used > LabelWidth && used + Between.Length + Cells.Width(text) > width)
            {
                yield return new ScreenLine([.. line]);
                line = [(new string(' ', LabelWidth), Look.Plain)];
                used = LabelWidth;
            }

            string shown = (used > LabelWidth ? Between : "") + Cells.Shorten(text, Math.Max(1, width - LabelWidth));
            line.Add((shown, look));
            used += Cells.Width(shown);
        }

        yield return new ScreenLine([.. line]);
    }

    private IEnumerable<ScreenLine> Table<T>(IReadOnlyList<ScreenColumn<T>> columns, IReadOnlyList<T> rows, int shown, string noun, Func<T, Look> look)
    {
        foreach (ScreenLine line in ScreenTable.Lines(columns, [.. rows.Take(shown)], width, look))
        {
            yield return line;
        }

        if (rows.Count > shown)
        {
            yield return new ScreenLine(($"and {Figures.Count(rows.Count - shown, $"more {noun}")}", Look.Faint));
        }
    }

    /// <summary>The newest events, the last one at the end.</summary>
    private List<ScreenLine> Events(IReadOnlyList<EventReport> events, int most)
    {
        List<ScreenLine> lines = [];
        foreach (EventReport happened in events.Reverse())
        {
            string time = TimeZoneInfo.ConvertTime(happened.Time, zone).ToString("HH:mm:ss", CultureInfo.InvariantCulture);
            string[] texts = [.. Cells.Wrap(happened.Text, Math.Max(1, width - LabelWidth)).Take(EventLines + 1)];
            if (texts.Length > EventLines)
            {
                texts = [.. texts[..(EventLines - 1)], Cells.Shorten($"{texts[EventLines - 1]} …", Math.Max(1, width - LabelWidth))];
            }

            if (lines.Count > 0 && lines.Count + texts.Length > most)
            {
                break;
            }

            Look look = happened.Level switch { "Warning" => Look.Warning, "Error" or "Critical" => Look.Bad, _ => Look.Plain };
            lines.InsertRange(0, texts.Select((text, i) => new ScreenLine((Cells.Fit(i == 0 ? time : "", LabelWidth), Look.Faint), (text, look))));
        }

        return lines;
    }

    /// <summary>How many of so many rows are shown where there is room for <paramref name="room"/> lines: the last is needed to tell of the rest.</summary>
    private static int Shown(int rows, int room) => rows <= room ? rows : Math.Max(0, room - 1);

    private static void Section(List<ScreenLine> lines, IEnumerable<ScreenLine> section)
    {
        lines.Add(ScreenLine.Empty);
        lines.AddRange(section);
    }
}
