using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TunnelAspire.Protocol.Wire;

/// <summary>How numbers and ids are written on the wire.</summary>
public static class WireText
{
    internal static readonly SearchValues<char> Base64UrlCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>Reads an offset: decimal digits only, 0 to 2^63-1. No sign, no spaces, no separators.</summary>
    public static bool TryParseOffset(string? text, out long offset) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out offset) && IsDigits(text);

    /// <summary>
    /// Reads an address in the one form in which it is written here: four decimal numbers without leading zeros, or an IPv6
    /// address without brackets and scope. The framework's parser also takes <c>1</c>, <c>010.0.0.1</c>, ports and control characters.
    /// </summary>
    public static bool TryParseAddress(string text, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(text, out address) &&
        (address.AddressFamily == AddressFamily.InterNetworkV6 ? text.All(c => char.IsAsciiHexDigit(c) || c is ':' or '.') : address.ToString() == text);

    /// <summary>The framework's parsers pass over NUL characters at the end.</summary>
    internal static bool IsDigits(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange('0', '9');

    /// <summary>Writes an offset or a count.</summary>
    public static string Format(long value) => value.ToString(CultureInfo.InvariantCulture);
}
