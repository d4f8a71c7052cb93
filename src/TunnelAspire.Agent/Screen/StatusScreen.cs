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
    private const int LastEvents = 10;
    private const int FigureWidth = 9; // columns do not move about with their figures
    private const int WideEnough = 118;
    private const string Between = "   ";

    /// <summary>The lines; never more, nor longer, than the terminal holds.</summary>
    public IReadOnlyList<ScreenLine> Lines(StatusReport report)
    {
        List<ScreenLine> lines = [Title(report), ScreenLine.Empty];
        lines.AddRange(Facts("Path", Path(report.Path)));
        lines.AddRange(Problem(report.Path.Problem ?? ""));
        lines.AddRange(Facts("Traffic", Traffic(report.Totals)));
        lines.AddRange(Facts("Sessions", Sessions(report.Totals)));

        int left = height - lines.Count - 2 ?? int.MaxValue; // the last line is the footer's, above it a blank one
        List<ScreenLine> events = Events(report.Events, Math.Max(1, Math.Min(LastEvents, left / 4)));
        left -= events.Count + (events.Count > 0 ? 1 : 0);
        int forwards = Shown(report.Forwards.Count, height is null ? left : Math.Max(1, Math.Min(left - 5, Math.Max(left / 3, left - 5 - report.Sessions.Count))));
        Section(lines, Table(ForwardColumns(report.Forwards), report.Forwards, forwards, "forward", forward => forward.Closing ? Look.Faint : Look.Plain));
        left -= 2 + Math.Min(report.Forwards.Count, forwards + 1);
        if (report.Sessions.Count > 0 && left > 3)
        {
            Section(lines, Table(SessionColumns(report.Sessions), report.Sessions, Shown(report.Sessions.Count, left - 3), "session", session => session.RateUp + session.RateDown > 0 ? Look.Plain : Look.Faint));
        }

        if (events.Count > 0)
        {
            Section(lines, events);
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

    private static IEnumerable<(string, Look)> Path(PathReport path)
    {
        yield return ($"{path.Send} up, {path.Receive} down{(path.Automatic ? "" : " (fixed)")}", Look.Strong);
        if (path.RoundTripMilliseconds is { } trip)
        {
            yield return ($"round trip {Figures.Milliseconds(trip)}", Look.Plain);
        }

        if (path.Protocol is { } protocol)
        {
            yield return (protocol, Look.Plain);
        }

        if (path.Proxy is { } proxy)
        {
            yield return ($"proxy {proxy}", Look.Plain);
        }

        if (path.LargestBody is { } largest)
        {
            yield return ($"bodies up to {Figures.Bytes(largest)}", Look.Plain);
        }

        if (path.HoldSeconds is { } hold)
        {
            yield return (string.Create(CultureInfo.InvariantCulture, $"requests wait {hold:0.#} s at most"), Look.Plain);
        }
    }

    /// <summary>Why the relays cannot be reached at the moment.</summary>
    private IEnumerable<ScreenLine> Problem(string problem) => Cells.Wrap(problem, Math.Max(1, width - LabelWidth)).Take(EventLines)
        .Select((text, i) => new ScreenLine((Cells.Fit(i == 0 ? "Trouble" : "", LabelWidth), Look.Faint), (text, Look.Bad)));

    private static IEnumerable<(string, Look)> Traffic(TotalsReport totals)
    {
        yield return ($"up {Figures.Rate(totals.RateUp)} ({Figures.Bytes(totals.BytesUp)})", Look.Plain);
        yield return ($"down {Figures.Rate(totals.RateDown)} ({Figures.Bytes(totals.BytesDown)})", Look.Plain);
        yield return ($"{Figures.Count(totals.Retries, "retried request")}", totals.Retries > 0 ? Look.Warning : Look.Faint);
        yield return ($"{Figures.Bytes(totals.BytesResent)} sent again", totals.BytesResent > 0 ? Look.Warning : Look.Faint);
    }

    private static IEnumerable<(string, Look)> Sessions(TotalsReport totals)
    {
        yield return ($"{totals.Open} open", totals.Open > 0 ? Look.Strong : Look.Plain);
        yield return ($"{totals.Opened} opened", Look.Plain);
        yield return ($"{totals.Failed} failed", totals.Failed > 0 ? Look.Bad : Look.Faint);
    }

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

    private static List<ScreenColumn<ForwardReport>> ForwardColumns(IReadOnlyList<ForwardReport> forwards)
    {
        List<ScreenColumn<ForwardReport>> columns =
        [
            new("LISTENS ON", forward => forward.Listen, Flexible: true),
            new("LEADS TO", forward => $"{forward.Target ?? "where its clients say (SOCKS, HTTP)"}{(forward.Closing ? " (closing)" : "")}", Flexible: true),
            new("OPEN", forward => Number(forward.Clients), Right: true),
            new("TAKEN", forward => Number(forward.Accepted), Right: true),
        ];
        if (forwards.Any(forward => forward.Name.Length > 0))
        {
            columns.Insert(0, new("FORWARD", forward => forward.Name, Flexible: true, Optional: true));
        }

        return columns;
    }

    private List<ScreenColumn<SessionReport>> SessionColumns(IReadOnlyList<SessionReport> sessions)
    {
        List<ScreenColumn<SessionReport>> columns =
        [
            new("SESSION", session => session.Id, Optional: true),
            new("CLIENT", session => session.Client, Flexible: true),
            new("TARGET", session => session.Target, Flexible: true),
            new("AGE", session => Figures.Time(session.AgeSeconds), Right: true, Least: FigureWidth, Optional: true),
            new("UP", session => Figures.Rate(session.RateUp), Right: true, Least: FigureWidth),
            new("DOWN", session => Figures.Rate(session.RateDown), Right: true, Least: FigureWidth),
        ];
        if (width >= WideEnough)
        {
            columns.Add(new("BYTES UP", session => Figures.Bytes(session.BytesUp), Right: true));
            columns.Add(new("BYTES DOWN", session => Figures.Bytes(session.BytesDown), Right: true));
            columns.Insert(3, new("CONNECTOR", session => session.Connector, Flexible: true, Optional: true));
            if (sessions.Any(session => session.Forward.Length > 0))
            {
                columns.Insert(1, new("FORWARD", session => session.Forward, Flexible: true, Optional: true));
            }
        }

        return columns;
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

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
