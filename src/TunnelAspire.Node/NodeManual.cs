using TunnelAspire.CommandLine;

namespace TunnelAspire.Node;

/// <summary>What the manual page says besides the command.</summary>
internal static class NodeManual
{
    /// <summary>The page.</summary>
    public static Manual Page { get; } = new(
        "tunneld",
        8,
        "2026-11-27",
        [
            "Takes the HTTP requests of tunnel(1), dials the targets that its allow-list names, and carries the bytes. It is relay and connector in one process. Where several share the work, they share a Redis, too: then routes are kept there.",
            "Told to stop, it takes no more sessions, and lets those that are open finish first, up to a deadline.",
        ])
    {
        Environment =
        [
            new("ConnectionStrings__redis", "The Redis that keeps the routes. Not set: they are kept in memory."),
            new("Connector__DrainSeconds, Limits__MaxConnections, ...", "Every setting of the sections Connector, Relay, Routing, Limits, Tls and Kestrel, with two underscores for each level."),
            new("OTEL_EXPORTER_OTLP_ENDPOINT", "Where metrics, traces and logs are sent by OpenTelemetry. Not set: nowhere."),
        ],
        Files = [new("appsettings.json", "Settings, in the working directory; --config names another file.")],
        ExitStatus = [new("0", "A clean stop."), new("1", "It failed; a line on standard error says why."), new("2", "Wrong usage.")],
        SeeAlso = ["tunnel(1)"],
    };
}
