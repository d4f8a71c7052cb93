namespace TunnelAspire.Tests.Harness;

/// <summary>Files of the repository, such as documents whose examples are tested.</summary>
internal static class Repository
{
    private static readonly string Root = Find();

    /// <summary>A file's text.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>The text of every source file of the services, the agent and what they share.</summary>
    public static IEnumerable<string> Sources() => ((string[])["src", "TunnelAspire.ServiceDefaults"])
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories))
        .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
        .Select(File.ReadAllText);

    private static string Find()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "TunnelAspire.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("the repository's root is not above the tests");
    }
}
