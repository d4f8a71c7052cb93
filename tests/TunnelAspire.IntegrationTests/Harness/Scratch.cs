namespace TunnelAspire.IntegrationTests.Harness;

/// <summary>A folder of the test's own; gone afterwards.</summary>
public sealed class Scratch : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("tunnelaspire-").FullName;

    public string File(string name) => Path.Combine(Folder, name);

    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
