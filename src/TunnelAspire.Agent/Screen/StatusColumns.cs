using System.Globalization;
using TunnelAspire.Agent.Status;

namespace TunnelAspire.Agent.Screen;

/// <summary>The columns of a report's tables.</summary>
internal static class StatusColumns
{
    private const int FigureWidth = 9; // columns do not move about with their figures
    private const int WideEnough = 118; // columns

    /// <summary>The columns of the forwards.</summary>
    public static List<ScreenColumn<ForwardReport>> Forwards(IReadOnlyList<ForwardReport> forwards)
    {
        List<ScreenColumn<ForwardReport>> columns =
        [
            new("LISTENS ON", forward => forward.Listen, Flexible: true),
            new("LEADS TO", forward => $"{forward.Target ?? "any target (SOCKS, HTTP)"}{(forward.Closing ? " (closing)" : "")}", Flexible: true),
            new("OPEN", forward => Number(forward.Clients), Right: true),
            new("TAKEN", forward => Number(forward.Accepted), Right: true),
        ];
        if (forwards.Any(forward => forward.Name.Length > 0))
        {
            columns.Insert(0, new("FORWARD", forward => forward.Name, Flexible: true, Optional: true));
        }

        return columns;
    }

    /// <summary>The columns of the sessions.</summary>
    /// <param name="sessions">Those that are there: what none of them has gets no column.</param>
    /// <param name="width">Columns of the terminal.</param>
    public static List<ScreenColumn<SessionReport>> Sessions(IReadOnlyList<SessionReport> sessions, int width)
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

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
