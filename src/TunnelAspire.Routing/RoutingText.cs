using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Routing;

/// <summary>
/// How values are written in Redis. What cannot be read counts as absent; and where there is a cluster key, so does what does not
/// end with its seal: whoever can write to Redis, but does not know the key, cannot lead a relay to an address of his own.
/// </summary>
internal sealed class RoutingText(ClusterKeys keys)
{
    private const string Purpose = "connector";
    private const string Mark = "|seal=";

    /// <summary>Raw format: <c>name|epoch|url</c>, with a cluster key <c>name|epoch|url|seal=…</c>.</summary>
    public string Write(ConnectorAddress address) => Sealed("route", $"{address.Name}|{WireText.Format(address.Epoch)}|{address.Url.AbsoluteUri}");

    /// <summary>Raw format: <c>epoch|sessions|draining|url</c>, with a cluster key <c>epoch|sessions|draining|url|seal=…</c>.</summary>
    public string Write(ConnectorStatus status) => Sealed(status.Address.Name, string.Create(
        CultureInfo.InvariantCulture, $"{status.Address.Epoch}|{status.Sessions}|{(status.Draining ? 1 : 0)}|{status.Address.Url.AbsoluteUri}"));

    public ConnectorAddress? ReadRoute(string? text)
    {
        string[] parts = Unsealed("route", text).Split('|', 3);
        return parts.Length == 3 && parts[0].Length > 0 && WireText.TryParseOffset(parts[1], out long epoch) && TryReadUrl(parts[2], out Uri? url)
            ? new ConnectorAddress(parts[0], epoch, url)
            : null;
    }

    public ConnectorStatus? ReadStatus(string name, string? text)
    {
        string[] parts = Unsealed(name, text).Split('|', 4);
        return parts.Length == 4 && WireText.TryParseOffset(parts[0], out long epoch) && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int sessions) &&
            TryReadUrl(parts[3], out Uri? url)
            ? new ConnectorStatus(new ConnectorAddress(name, epoch, url), sessions, parts[2] == "1")
            : null;
    }

    /// <summary>A URL at which a connector can be, as it is written here. The framework takes a path for the URL of a file, and reads much that it would write otherwise.</summary>
    private static bool TryReadUrl(string text, [NotNullWhen(true)] out Uri? url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps) && url.AbsoluteUri == text;

    private string Sealed(string what, string text) => keys.Any ? $"{text}{Mark}{keys.Sign(Purpose, $"{what}\n{text}")}" : text;

    private string Unsealed(string what, string? text)
    {
        int mark = text?.LastIndexOf(Mark, StringComparison.Ordinal) ?? -1;
        string bare = mark < 0 ? text ?? "" : text![..mark];
        return !keys.Any || keys.Verifies(Purpose, $"{what}\n{bare}", mark < 0 ? null : text![(mark + Mark.Length)..]) ? bare : "";
    }
}
