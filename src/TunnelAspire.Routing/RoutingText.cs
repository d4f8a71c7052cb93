using System.Globalization;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Routing;

/// <summary>How values are written in Redis. What cannot be read counts as absent.</summary>
internal static class RoutingText
{
    /// <summary>Raw format: <c>name|epoch|url</c>.</summary>
    public static string Write(ConnectorAddress address) => $"{address.Name}|{WireText.Format(address.Epoch)}|{address.Url}";

    /// <summary>Raw format: <c>epoch|sessions|draining|url</c>.</summary>
    public static string Write(ConnectorStatus status) => string.Create(
        CultureInfo.InvariantCulture, $"{status.Address.Epoch}|{status.Sessions}|{(status.Draining ? 1 : 0)}|{status.Address.Url}");

    public static ConnectorAddress? ReadRoute(string? text)
    {
        string[] parts = (text ?? "").Split('|', 3);
        return parts.Length == 3 && parts[0].Length > 0 && WireText.TryParseOffset(parts[1], out long epoch) && Uri.TryCreate(parts[2], UriKind.Absolute, out Uri? url)
            ? new ConnectorAddress(parts[0], epoch, url)
            : null;
    }

    public static ConnectorStatus? ReadStatus(string name, string? text)
    {
        string[] parts = (text ?? "").Split('|', 4);
        return parts.Length == 4 && WireText.TryParseOffset(parts[0], out long epoch) && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int sessions) &&
            Uri.TryCreate(parts[3], UriKind.Absolute, out Uri? url)
            ? new ConnectorStatus(new ConnectorAddress(name, epoch, url), sessions, parts[2] == "1")
            : null;
    }
}
