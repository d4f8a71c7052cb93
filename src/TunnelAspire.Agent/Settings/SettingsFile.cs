using Microsoft.Extensions.Configuration;

namespace TunnelAspire.Agent.Settings;

/// <summary>The configuration file as a source of the framework's configuration. What it says changes only when it is told so.</summary>
internal sealed class SettingsFile(string path) : ConfigurationProvider, IConfigurationSource
{
    private const long LargestFile = 1024 * 1024; // bytes

    /// <summary>Where it is.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>Whether it can be read once only, as <c>&lt;(command)</c> in bash.</summary>
    public bool IsPipe { get; private set; }

    /// <summary>What it says, as it was read last.</summary>
    public SettingsText Text { get; private set; } = SettingsText.Parse(path, "{}"u8.ToArray());

    /// <summary>The file to go by: the one that is asked for, or else the user's, or else the machine's, where there is one.</summary>
    public static string? Find(string? asked) => asked ?? Places().FirstOrDefault(File.Exists);

    /// <summary>The default places, in order.</summary>
    public static IEnumerable<string> Places()
    {
        string user = Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify); // $XDG_CONFIG_HOME, ~/.config
        string machine = OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData) : "/etc";
        return new[] { user, machine }.Where(folder => folder.Length > 0).Select(folder => System.IO.Path.Combine(folder, "tunnel", "tunnel.json"));
    }

    /// <summary>Reads the file anew; nothing changes yet.</summary>
    /// <param name="onRead">Told of its content, whether it can be used or not.</param>
    /// <exception cref="FormatException">It cannot be read, or what it says cannot be used.</exception>
    public SettingsText Read(Action<byte[]>? onRead = null)
    {
        try
        {
            using FileStream file = new(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] text = new byte[file.CanSeek ? Math.Min(file.Length, LargestFile) + 1 : LargestFile + 1]; // one more, to see that there is no more
            text = text[..file.ReadAtLeast(text, text.Length, throwOnEndOfStream: false)];
            if (text.Length > LargestFile)
            {
                throw new FormatException($"{Path} has more than {LargestFile / 1024} KiB: it is no configuration file");
            }

            IsPipe = !file.CanSeek;
            onRead?.Invoke(text);
            return SettingsText.Parse(Path, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"the configuration file {Path} cannot be read: {(Directory.Exists(Path) ? "it is a folder" : e.Message)}", e);
        }
    }

    /// <inheritdoc/>
    public override void Load() => Use(Read());

    /// <summary>Goes by this text from now on.</summary>
    public void Use(SettingsText text)
    {
        Text = text;
        Data = text.Values.ToDictionary(StringComparer.OrdinalIgnoreCase);
        OnReload();
    }

    /// <inheritdoc/>
    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;
}
