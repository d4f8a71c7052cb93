using System.Globalization;

namespace TunnelAspire.IntegrationTests.Chaos;

/// <summary>What environment variables say of how long, and with which seed: <c>eng/chaos.sh</c> sets them.</summary>
internal static class Settings
{
    public static int Number(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    public static TimeSpan Seconds(string name, int otherwise) => TimeSpan.FromSeconds(Number(name, otherwise));
}
