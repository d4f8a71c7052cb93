namespace TunnelAspire.SampleTarget.Paths;

/// <summary>Where the connectors are, from the service references that the AppHost hands out.</summary>
internal static class ConnectorUrls
{
    private const string Prefix = "connector-";

    /// <summary>
    /// Reads <c>services:connector-N:http:0</c>. Only references whose name begins with <c>connector-</c> count,
    /// and of each the first address.
    /// </summary>
    public static IReadOnlyList<Uri> From(IConfiguration configuration) =>
    [
        .. configuration.GetSection("services").GetChildren()
            .Where(service => service.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            .Select(service => service["http:0"] ?? service["https:0"])
            .OfType<string>()
            .Select(url => new Uri(url.TrimEnd('/') + "/")),
    ];
}
