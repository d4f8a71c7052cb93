using System.Buffers;
using System.Globalization;

namespace TunnelAspire.Protocol.Wire;

/// <summary>How numbers and ids are written on the wire.</summary>
public static class WireText
{
    internal static readonly SearchValues<char> Base64UrlCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>Reads an offset: decimal digits only, 0 to 2^63-1. No sign, no spaces, no separators.</summary>
    public static bool TryParseOffset(string? text, out long offset) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out offset);

    /// <summary>Writes an offset or a count.</summary>
    public static string Format(long value) => value.ToString(CultureInfo.InvariantCulture);
}
