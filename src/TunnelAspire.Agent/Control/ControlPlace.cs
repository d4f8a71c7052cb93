using System.Diagnostics;
using System.Globalization;

namespace TunnelAspire.Agent.Control;

/// <summary>Where control sockets are: <c>tunnel-PID.sock</c> in <c>$XDG_RUNTIME_DIR</c>, or else in <c>~/.tunnel</c>.</summary>
internal static class ControlPlace
{
    /// <summary>The option's value for none.</summary>
    public const string None = "none";

    private const string Prefix = "tunnel-";
    private const string Suffix = ".sock";

    /// <summary>The folders, the better one first.</summary>
    public static IEnumerable<string> Folders
    {
        get
        {
            string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
            string? runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
            return new[] { Directory.Exists(runtime) ? runtime : "", home.Length > 0 ? Path.Combine(home, ".tunnel") : "" }.Where(folder => folder.Length > 0);
        }
    }

    /// <summary>The socket of the process, in a folder that is there for this user alone.</summary>
    /// <exception cref="IOException">There is no place for it.</exception>
    public static string Of(int process)
    {
        string folder = Folders.FirstOrDefault() ?? throw new IOException("this user has no folder for it");
        if (!OperatingSystem.IsWindows() && !Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        else
        {
            Directory.CreateDirectory(folder);
        }

        return In(folder, process);
    }

    /// <summary>What <c>--control</c> names: a socket's path, or the number of the process that has one.</summary>
    public static string Named(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int process)
        ? Folders.Select(folder => In(folder, process)).FirstOrDefault(File.Exists) ?? In(Folders.FirstOrDefault() ?? "", process)
        : Path.GetFullPath(text);

    /// <summary>The sockets of agents that run. Those that agents have left behind when they were killed are removed.</summary>
    public static IReadOnlyList<string> Find()
    {
        List<string> found = [];
        foreach (string path in Folders.Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, $"{Prefix}*{Suffix}")).Order(StringComparer.Ordinal))
        {
            string number = Path.GetFileName(path)[Prefix.Length..^Suffix.Length];
            if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int process))
            {
                continue; // not one of these
            }

            if (Runs(process))
            {
                found.Add(path);
            }
            else
            {
                File.Delete(path);
            }
        }

        return found;
    }

    private static string In(string folder, int process) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{process}{Suffix}"));

    private static bool Runs(int process)
    {
        try
        {
            using Process found = Process.GetProcessById(process);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
