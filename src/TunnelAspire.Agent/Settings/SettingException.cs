namespace TunnelAspire.Agent.Settings;

/// <summary>A setting that cannot be used, and which one: where it stands in a file can then be told.</summary>
/// <param name="key">The setting, such as <c>Agent:Mode</c>.</param>
/// <param name="message">What is wrong with it.</param>
internal sealed class SettingException(string key, string message) : FormatException(message)
{
    /// <summary>The setting.</summary>
    public string Key => key;
}
