namespace TunnelAspire.Agent.Screen;

/// <summary>A column of a table.</summary>
/// <param name="Title">What stands above it.</param>
/// <param name="Cell">What stands in it.</param>
/// <param name="Right">Whether it is set to the right, as numbers are.</param>
/// <param name="Flexible">Whether it may be shortened where the width does not do.</param>
/// <param name="Least">Columns of the terminal that it takes at least.</param>
/// <param name="Optional">Whether it is left out where shortening does not do.</param>
internal sealed record ScreenColumn<T>(string Title, Func<T, string> Cell, bool Right = false, bool Flexible = false, int Least = 0, bool Optional = false);

/// <summary>A table that fits a width: flexible columns give way, the widest first.</summary>
internal static class ScreenTable
{
    private const int Gap = 2;
    private const int Narrowest = 6;

    /// <summary>The title line and one line for each row.</summary>
    /// <param name="columns">Its columns.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="width">Columns of the terminal.</param>
    /// <param name="look">How a row looks.</param>
    public static IEnumerable<ScreenLine> Lines<T>(IReadOnlyList<ScreenColumn<T>> columns, IReadOnlyList<T> rows, int width, Func<T, Look> look)
    {
        string[][] cells = [.. rows.Select(row => columns.Select(column => column.Cell(row)).ToArray())];
        int[] widths = [.. columns.Select((column, i) => cells.Select(row => Cells.Width(row[i])).Append(column.Title.Length).Append(column.Least).Max())];
        while (Total(widths) > width && Widest(columns, widths) is { } widest)
        {
            widths[widest]--;
        }

        return Total(widths) > width && columns.FirstOrDefault(column => column.Optional) is { } optional
            ? Lines([.. columns.Where(column => column != optional)], rows, width, look)
            : Written(columns, rows, cells, widths, look);
    }

    private static int Total(int[] widths) => widths.Sum() + (Gap * (widths.Length - 1));

    private static IEnumerable<ScreenLine> Written<T>(IReadOnlyList<ScreenColumn<T>> columns, IReadOnlyList<T> rows, string[][] cells, int[] widths, Func<T, Look> look)
    {
        yield return new ScreenLine((Row(columns, widths, [.. columns.Select(column => column.Title)]), Look.Faint));
        for (int i = 0; i < cells.Length; i++)
        {
            yield return new ScreenLine((Row(columns, widths, cells[i]), look(rows[i])));
        }
    }

    private static int? Widest<T>(IReadOnlyList<ScreenColumn<T>> columns, int[] widths)
    {
        int widest = Enumerable.Range(0, widths.Length).Where(i => columns[i].Flexible).DefaultIfEmpty(-1).MaxBy(i => i < 0 ? 0 : widths[i]);
        return widest < 0 || widths[widest] <= Narrowest ? null : widest;
    }

    private static string Row<T>(IReadOnlyList<ScreenColumn<T>> columns, int[] widths, string[] cells) =>
        string.Join(new string(' ', Gap), columns.Select((column, i) => Cells.Fit(cells[i], widths[i], column.Right))).TrimEnd();
}
