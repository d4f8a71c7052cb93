using System.Globalization;

namespace TunnelAspire.Benchmarks.Processes;

/// <summary>What some processes and all their descendants use, as <c>/proc</c> tells it.</summary>
internal static class ProcessTree
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every Linux

    /// <summary>One process: its parent, and its processor time with that of its children which have ended, in seconds.</summary>
    private readonly record struct Entry(int Id, int Parent, double Seconds);

    /// <summary>Processor time in seconds, user and system.</summary>
    public static double ProcessorSeconds(IEnumerable<int> roots) => Under(roots).Sum(entry => entry.Seconds);

    /// <summary>Resident memory in KiB. Pages that processes share count in each.</summary>
    public static long ResidentKiB(IEnumerable<int> roots) => Under(roots).Sum(entry => ResidentKiB(entry.Id));

    /// <summary>All descendants, without the process itself.</summary>
    public static IReadOnlyList<int> Descendants(int root) => [.. Under([root]).Select(entry => entry.Id).Where(id => id != root)];

    private static List<Entry> Under(IEnumerable<int> roots)
    {
        List<Entry> all = [.. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Select(Read).OfType<Entry>()];
        ILookup<int, Entry> children = all.ToLookup(entry => entry.Parent);
        HashSet<int> wanted = [.. roots];
        List<Entry> found = [.. all.Where(entry => wanted.Contains(entry.Id))];
        for (int i = 0; i < found.Count; i++)
        {
            found.AddRange(children[found[i].Id].Where(child => wanted.Add(child.Id)));
        }

        return found;
    }

    /// <summary>
    /// The raw format is <c>4711 (name) S 4700 …</c>, where the name may hold anything; of the fields after it, parent is the
    /// second, utime, stime, cutime and cstime are the 12th to 15th.
    /// </summary>
    private static Entry? Read(string? name)
    {
        if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int id) || TryReadText($"/proc/{id}/stat") is not { } text)
        {
            return null;
        }

        string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        double ticks = fields[11..15].Sum(field => double.Parse(field, CultureInfo.InvariantCulture));
        return new Entry(id, int.Parse(fields[1], CultureInfo.InvariantCulture), ticks / TicksPerSecond);
    }

    /// <summary>The raw format is <c>VmRSS:	   54612 kB</c>; a process that is just ending has no such line.</summary>
    private static long ResidentKiB(int id)
    {
        string? line = TryReadText($"/proc/{id}/status")?.Split('\n').FirstOrDefault(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
    }

    private static string? TryReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return null; // it has ended meanwhile
        }
    }
}
