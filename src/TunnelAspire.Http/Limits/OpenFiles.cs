using System.Globalization;

namespace TunnelAspire.Http.Limits;

/// <summary>How many connections the process's open files allow.</summary>
internal static class OpenFiles
{
    private const string Limits = "/proc/self/limits";
    private const int Otherwise = 100_000;

    /// <summary>Four tenths: a connection mostly needs another one, to a connector or a target, and some files are for other things.</summary>
    public static int ForConnections()
    {
        // Max open files            20000                20000                files
        string? line = File.Exists(Limits) ? File.ReadLines(Limits).FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal)) : null;
        string[] words = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return words.Length > 3 && long.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out long files)
            ? (int)Math.Clamp(files * 4 / 10, 16, 10_000_000)
            : Otherwise;
    }
}
