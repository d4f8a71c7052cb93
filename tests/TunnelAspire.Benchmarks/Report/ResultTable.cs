using System.Globalization;
using System.Text;
using TunnelAspire.Benchmarks.Contestants;

namespace TunnelAspire.Benchmarks.Report;

/// <summary>The results in Markdown: medians, ratios, spread, and what must be known of them.</summary>
internal static class ResultTable
{
    private const string None = "–";

    /// <summary>All tables.</summary>
    public static string Write(Results results)
    {
        StringBuilder text = new();
        Table(text, "Medians", results, (key, column) => results.Median(key, column) is { } value ? column.Write(value) : Missing(results.Reason(key, column), column));
        Table(text, $"Ratios: to {Name(results, SshForward.OneKey)}; CPU to {Name(results, Haproxy.TwoKey)}", results, (key, column) =>
            results.Ratio(key, column)?.ToString("0.00", CultureInfo.InvariantCulture));
        Table(text, "Lowest and highest of the rounds", results, (key, column) =>
            column != Column.HalfClose && results.Spread(key, column) is { } spread ? $"{column.Write(spread.Least)} to {column.Write(spread.Most)}" : null);
        Remarks(text, results);
        return text.ToString();
    }

    /// <summary>What stands where a figure is missing; the reason stands below.</summary>
    private static string? Missing(string? reason, Column column) => reason switch
    {
        null => null,
        _ when column == Column.HalfClose => column.Write(0),
        _ => reason.StartsWith("stalls", StringComparison.Ordinal) ? "stalls" : "failed",
    };

    private static string Name(Results results, string key) => results.Contestants.FirstOrDefault(contestant => contestant.Key == key)?.Name ?? $"{key} (left out)";

    private static void Table(StringBuilder text, string title, Results results, Func<string, Column, string?> cell)
    {
        Column[] columns = [.. results.Columns.Where(column => results.Contestants.Any(contestant => cell(contestant.Key, column) is not null))];
        if (columns.Length == 0)
        {
            return;
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"### {title}").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"| | {string.Join(" | ", columns.Select(column => column.Title))} |");
        text.Append("|---").Insert(text.Length, "|---:", columns.Length).AppendLine("|");
        foreach (Contestant contestant in results.Contestants)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {contestant.Name} | {string.Join(" | ", columns.Select(column => cell(contestant.Key, column) ?? None))} |");
        }

        text.AppendLine();
    }

    private static void Remarks(StringBuilder text, Results results)
    {
        foreach (Contestant contestant in results.Contestants.Where(contestant => contestant.Remark.Length > 0))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"- {contestant.Name}: {contestant.Remark}.");
        }

        foreach ((Contestant contestant, string what, string reason, int times) in results.Failures)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"- {contestant.Name}, {what}: failed{(times > 1 ? $" {times} times" : "")}: {reason}");
        }
    }
}
