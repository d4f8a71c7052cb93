using TunnelAspire.CommandLine;

namespace TunnelAspire.Agent.Commands;

/// <summary>What the manual page says besides the commands.</summary>
internal static class TunnelManual
{
    /// <summary>The page.</summary>
    public static Manual Page { get; } = new(
        "tunnel",
        1,
        "2026-11-27",
        [
            "Carries any TCP connection over plain HTTP requests, through whatever proxies, gateways and load balancers stand in the way, and keeps it alive when they fail. The other end is tunneld(8), or relays and connectors.",
            "The ways in are those of ssh(1): a local port or unix socket leads to one target (-L), a local port takes SOCKS and HTTP proxy requests (-D), or standard input and output lead to one target (-W).",
            "Everything can be said in the environment and in a file as well; the command line wins.",
        ])
    {
        Environment =
        [
            new("TUNNEL_PROXY_PASSWORD", "Password at the HTTP proxy, where --proxy-user or the proxy's URL gives a name only."),
            new("TUNNEL_TOKEN", "The token by which the server knows who opens sessions, where no other is given."),
            new("HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY", "The HTTP proxy on the way to the server, unless --proxy says otherwise."),
            new("Agent__Server, Agent__Mode, ...", "Every setting of the section Agent, with two underscores for each level."),
            new("OTEL_EXPORTER_OTLP_ENDPOINT", "Where metrics, traces and logs are sent by OpenTelemetry. Not set: nowhere."),
        ],
        Files =
        [
            new("$XDG_CONFIG_HOME/tunnel/tunnel.json, ~/.config/tunnel/tunnel.json, /etc/tunnel/tunnel.json", "The configuration, JSON with comments: the first of them that is there, unless --config names another. It is read again when it changes, by tunnel reload, and by SIGHUP."),
            new("$XDG_RUNTIME_DIR/tunnel-PID.sock, ~/.tunnel/tunnel-PID.sock", "The control socket, for tunnel status, reload and stop."),
        ],
        ExitStatus = [new("0", "A clean stop."), new("1", "It failed; a line on standard error says why."), new("2", "Wrong usage.")],
        SeeAlso = ["tunneld(8)", "ssh(1)"],
    };
}
