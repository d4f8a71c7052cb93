namespace TunnelAspire.IntegrationTests.Harness;

/// <summary>Where programs are. A missing one fails the test that needs it, by name.</summary>
public static class Installed
{
    private static readonly string[] Folders =
        [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), "/usr/sbin", "/usr/local/sbin"];

    /// <summary>The repository's root folder.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Debug or Release, as the tests themselves.</summary>
    public static string Configuration { get; } =
        AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Release" : "Debug";

    public static string Find(string program) =>
        program.Contains('/', StringComparison.Ordinal)
            ? program
            : Folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists)
                ?? throw new InvalidOperationException($"{program} is not installed; eng/test.sh installs what the tests need, eng/bench.sh what the benchmarks do");

    /// <summary>A program of the server of the newest PostgreSQL that is installed.</summary>
    public static string Postgres(string program) =>
        Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin", program)).Where(File.Exists).Max()
                ?? throw new InvalidOperationException($"PostgreSQL's {program} is not installed; eng/test.sh installs what the tests need")
            : throw new InvalidOperationException("PostgreSQL is not installed; eng/test.sh installs what the tests need");

    /// <summary>
    /// The executable of one of the solution's projects: as it was built, or as <c>eng/publish.sh</c> has made it where
    /// TUNNELASPIRE_PROGRAMS names the folder of those.
    /// </summary>
    public static string Built(string project, string? executable = null, string room = "src")
    {
        if (Published(project) is { } published)
        {
            return published;
        }

        string path = Path.Combine(Root, room, project, "bin", Configuration, "net10.0", executable ?? project);
        return File.Exists(path) ? path : throw new InvalidOperationException($"{path} is missing; build the solution first");
    }

    private static string? Published(string project)
    {
        string? folder = Environment.GetEnvironmentVariable("TUNNELASPIRE_PROGRAMS");
        string? name = project switch
        {
            "TunnelAspire.Agent" => "tunnel",
            "TunnelAspire.Node" => "tunneld",
            "TunnelAspire.Relay" => "tunnel-relay",
            "TunnelAspire.Connector" => "tunnel-connector",
            _ => null,
        };
        if (string.IsNullOrEmpty(folder) || name is null)
        {
            return null;
        }

        string path = Path.Combine(Root, folder, name);
        return File.Exists(path) ? path : throw new InvalidOperationException($"{path} is missing; eng/publish.sh makes it");
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "TunnelAspire.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("the repository's root is not above the tests");
    }
}
