namespace TunnelAspire.Tests.Harness;

/// <summary>Files of the repository, such as documents whose examples are tested.</summary>
internal static class Repository
{
    private static readonly string Root = Find();

    /// <summary>A file's text.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

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
