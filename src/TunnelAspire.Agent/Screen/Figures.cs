using System.Globalization;

namespace TunnelAspire.Agent.Screen;

/// <summary>Figures for people, short: at most nine columns each.</summary>
internal static class Figures
{
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

    /// <summary>Bytes in decimal units: <c>0 B</c>, <c>999 B</c>, <c>1.50 kB</c>, <c>12.3 MB</c>, <c>345 GB</c>.</summary>
    public static string Bytes(double bytes)
    {
        int unit = 0;
        while (bytes >= 999.5 && unit < Units.Length - 1)
        {
            bytes /= 1000;
            unit++;
        }

        string format = unit == 0 ? "0" : bytes < 9.995 ? "0.00" : bytes < 99.95 ? "0.0" : "0";
        return $"{bytes.ToString(format, CultureInfo.InvariantCulture)} {Units[unit]}";
    }

    /// <summary>Bytes a second: <c>1.50 MB/s</c>; nothing where nothing moves.</summary>
    public static string Rate(double bytesPerSecond) => bytesPerSecond < 0.5 ? "-" : $"{Bytes(bytesPerSecond)}/s";

    /// <summary>A time: <c>4 s</c>, <c>12:03 min</c>, <c>2:05 h</c>, <c>3 d 04 h</c>.</summary>
    public static string Time(double seconds)
    {
        TimeSpan time = TimeSpan.FromSeconds(Math.Max(0, seconds));
        return time switch
        {
            { TotalMinutes: < 1 } => $"{time.Seconds} s",
            { TotalHours: < 1 } => $"{time.Minutes}:{time.Seconds:00} min",
            { TotalDays: < 1 } => $"{time.Hours}:{time.Minutes:00} h",
            _ => $"{time.Days} d {time.Hours:00} h",
        };
    }

    /// <summary>A round trip: <c>0.35 ms</c>, <c>12 ms</c>.</summary>
    public static string Milliseconds(double milliseconds) => $"{milliseconds.ToString(milliseconds < 10 ? "0.##" : "0", CultureInfo.InvariantCulture)} ms";

    /// <summary>A count with its noun: <c>1 session</c>, <c>2 sessions</c>.</summary>
    public static string Count(long count, string noun) => string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");
}
