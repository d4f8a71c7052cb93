using System.Globalization;

namespace TunnelAspire.Agent.Doctor.Output;

/// <summary>Numbers with their units, for people.</summary>
internal static class Words
{
    private const long Kibi = 1024;
    private const long Mebi = 1024 * 1024;

    /// <summary>Bytes in binary units: <c>512 KiB</c>, <c>1 MiB</c>.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        >= Mebi => Invariant($"{bytes / (double)Mebi:0.##} MiB"),
        >= Kibi => Invariant($"{bytes / (double)Kibi:0.##} KiB"),
        _ => Invariant($"{bytes} bytes"),
    };

    /// <summary>A rate in decimal units: <c>12.3 MB/s</c>.</summary>
    public static string Rate(double bytesPerSecond) => bytesPerSecond switch
    {
        >= 100e6 => Invariant($"{bytesPerSecond / 1e6:0} MB/s"),
        >= 1e6 => Invariant($"{bytesPerSecond / 1e6:0.0} MB/s"),
        _ => Invariant($"{bytesPerSecond / 1e3:0.0} kB/s"),
    };

    /// <summary>A time: <c>0.35 ms</c>, <c>12 ms</c>, <c>1.2 s</c>, <c>35 s</c>.</summary>
    public static string Time(double milliseconds) => milliseconds switch
    {
        >= 10_000 => Invariant($"{milliseconds / 1000:0} s"),
        >= 1000 => Invariant($"{milliseconds / 1000:0.0} s"),
        >= 10 => Invariant($"{milliseconds:0} ms"),
        _ => Invariant($"{milliseconds:0.##} ms"),
    };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
