using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.IntegrationTests.Paths;

/// <summary>A proxy of Debian's packages: its program, its configuration in the folder Proxies, and its own limit for quiet requests.</summary>
/// <param name="Name">How tests and docs/paths.md call it.</param>
/// <param name="Program">The executable.</param>
/// <param name="Configuration">The configuration's file, with names in braces for what differs from run to run.</param>
/// <param name="Modes">What the agent chooses there, as it logs it.</param>
/// <param name="IdleSeconds">How long a request may be quiet, as the package comes, in seconds.</param>
/// <param name="Arguments">The command line; the same names in braces, and {file} for the configuration.</param>
internal sealed record ProxyProgram(string Name, string Program, string Configuration, string Modes, int IdleSeconds, params string[] Arguments)
{
    private const string BothStream = "send stream, receive stream";
    private const string AnswersStream = "send burst, receive stream";
    private const string NeitherStreams = "send burst, receive burst";

    private static readonly string[] Varnish =
    [
        "-F", "-j", "none", "-n", "{folder}/varnish", "-a", "127.0.0.1:{port}", "-T", "none", "-s", "malloc,64m",
        "-p", "first_byte_timeout={idle}", "-p", "between_bytes_timeout={idle}", "-p", "pipe_timeout={idle}", "-f", "{file}",
    ];

    /// <summary>User name and password, where the proxy asks for them.</summary>
    public string? Login { get; init; }

    /// <summary>A forward proxy is named to the agent; any other stands in the server's place.</summary>
    public bool Forward { get; init; }

    /// <summary>Sessions share a connection there.</summary>
    public bool Lanes { get; init; }

    /// <summary>All that the tests know.</summary>
    public static IReadOnlyList<ProxyProgram> All { get; } =
    [
        new("nginx", "nginx", "nginx.conf", AnswersStream, 60, "-e", "stderr", "-c", "{file}"),
        new("nginx-tuned", "nginx", "nginx-tuned.conf", BothStream, 60, "-e", "stderr", "-c", "{file}") { Lanes = true },
        new("haproxy", "haproxy", "haproxy.cfg", NeitherStreams, 50, "-db", "-f", "{file}"),
        new("haproxy-tuned", "haproxy", "haproxy-tuned.cfg", BothStream, 50, "-db", "-f", "{file}") { Lanes = true },
        new("apache2", "apache2", "apache2.conf", AnswersStream, 300, "-DFOREGROUND", "-f", "{file}"),
        new("apache2-tuned", "apache2", "apache2-tuned.conf", BothStream, 300, "-DFOREGROUND", "-f", "{file}"),
        new("varnish", "varnishd", "varnish.vcl", BothStream, 60, Varnish),
        new("varnish-tuned", "varnishd", "varnish-tuned.vcl", BothStream, 60, Varnish) { Lanes = true },
        new("squid", "squid", "squid.conf", BothStream, 900, "-N", "-n", "tunnel{port}", "-f", "{file}") { Forward = true },
        new("squid-auth", "squid", "squid-auth.conf", BothStream, 900, "-N", "-n", "tunnel{port}", "-f", "{file}") { Forward = true, Login = "somebody:secret" },
        new("tinyproxy", "tinyproxy", "tinyproxy.conf", BothStream, 600, "-d", "-c", "{file}") { Forward = true },
        new("privoxy", "privoxy", "privoxy.conf", AnswersStream, 300, "--no-daemon", "{file}") { Forward = true },
    ];

    /// <summary>The proxy of that name.</summary>
    public static ProxyProgram Named(string name) => All.Single(program => program.Name == name);

    /// <summary>The configuration as it stands in the repository.</summary>
    public string Template() =>
        File.ReadAllText(Path.Combine(Installed.Root, "tests", "TunnelAspire.IntegrationTests", "Paths", "Proxies", Configuration));
}
