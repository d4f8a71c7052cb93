using System.Globalization;

namespace TunnelAspire.Http.Direct;

/// <summary>The time as HTTP writes it (RFC 9110 section 5.6.7), made once a second.</summary>
internal static class DateText
{
    private static Known _known = new(-1, "");

    private sealed record Known(long Second, string Text);

    /// <summary>The time now.</summary>
    public static string Now()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        Known known = Volatile.Read(ref _known);
        if (known.Second != now.ToUnixTimeSeconds())
        {
            Volatile.Write(ref _known, known = new(now.ToUnixTimeSeconds(), now.ToString("r", CultureInfo.InvariantCulture)));
        }

        return known.Text;
    }
}
