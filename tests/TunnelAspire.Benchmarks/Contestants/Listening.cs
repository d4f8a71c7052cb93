using System.Globalization;

namespace TunnelAspire.Benchmarks.Contestants;

/// <summary>Whether a port listens, seen without connecting: one who takes a single connection would be spent by it.</summary>
internal static class Listening
{
    private const string State = "0A";
    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>The raw format is <c>  0: 0100007F:1F90 00000000:0000 0A …</c>: local address and port, remote ones, state.</summary>
    public static bool On(int port)
    {
        string suffix = string.Create(CultureInfo.InvariantCulture, $":{port:X4}");
        return Tables.Where(File.Exists).SelectMany(File.ReadLines)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Any(fields => fields.Length > 3 && fields[3] == State && fields[1].EndsWith(suffix, StringComparison.Ordinal));
    }
}
