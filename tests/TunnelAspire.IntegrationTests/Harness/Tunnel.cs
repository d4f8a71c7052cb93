using System.Globalization;

namespace TunnelAspire.IntegrationTests.Harness;

/// <summary>A whole tunnel of real processes: redis-server, connectors, relays; agents are started by the test.</summary>
public sealed class Tunnel : IAsyncDisposable
{
    private readonly Dictionary<string, string> _settings;
    private readonly List<ChildProcess> _children = [];

    private Tunnel(Dictionary<string, string> settings) => _settings = settings;

    public HttpClient Http { get; } = new() { Timeout = TimeSpan.FromSeconds(10) };

    public int RedisPort { get; } = Loopback.FreePort();

    public List<int> RelayPorts { get; } = [];

    public ChildProcess Redis { get; private set; } = null!;

    public List<ChildProcess> Relays { get; } = [];

    public List<ChildProcess> Connectors { get; } = [];

    /// <summary>URL of the first relay.</summary>
    public string Server => RelayUrl(0);

    /// <summary>Starts everything, and waits until the relays are ready.</summary>
    /// <param name="connectors">How many connectors.</param>
    /// <param name="relays">How many relays.</param>
    /// <param name="settings">Environment variables for connectors and relays.</param>
    public static async Task<Tunnel> StartAsync(int connectors = 1, int relays = 1, Dictionary<string, string>? settings = null)
    {
        Tunnel tunnel = new(settings ?? []);
        try
        {
            await tunnel.StartRedisAsync();
            for (int i = 0; i < connectors; i++)
            {
                tunnel.Connectors.Add(tunnel.StartConnector(i));
            }

            for (int i = 0; i < relays; i++)
            {
                tunnel.RelayPorts.Add(Loopback.FreePort());
                tunnel.Relays.Add(tunnel.StartRelay(i));
            }

            for (int i = 0; i < relays; i++)
            {
                await tunnel.ReadyAsync(i, connectors);
            }

            return tunnel;
        }
        catch
        {
            await tunnel.DisposeAsync();
            throw;
        }
    }

    public string RelayUrl(int relay) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{RelayPorts[relay]}");

    /// <summary>Starts redis-server, empty.</summary>
    public async Task StartRedisAsync()
    {
        Redis = Start("redis-server", ["--port", $"{RedisPort}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], new Dictionary<string, string>());
        await Redis.LineAsync("Ready to accept connections");
    }

    /// <summary>Starts the relay of that number on its port.</summary>
    public ChildProcess StartRelay(int relay) => Start(Installed.Built("TunnelAspire.Relay"), [], Settings(new()
    {
        ["Relay__Name"] = $"relay-{relay}",
        ["ASPNETCORE_URLS"] = RelayUrl(relay),
    }));

    public ChildProcess StartConnector(int connector) => Start(Installed.Built("TunnelAspire.Connector"), [], Settings(new()
    {
        ["Connector__Name"] = $"connector-{connector}",
        ["Connector__Allow__0"] = "127.0.0.1:*",
        ["Connector__DrainSeconds"] = "20",
        ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
    }));

    /// <summary>Starts an agent through <paramref name="server"/> with one forward to the target; returns it and the local port.</summary>
    public Task<(ChildProcess Agent, int Port)> StartAgentAsync(int target, string? server = null, params string[] arguments) =>
        StartAgentAsync(target, server ?? Server, new Dictionary<string, string>(), arguments);

    /// <summary>The same with environment variables.</summary>
    public async Task<(ChildProcess Agent, int Port)> StartAgentAsync(int target, string server, IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        ChildProcess agent = Start(
            Installed.Built("TunnelAspire.Agent", "tunnel"), ["connect", server, "-v", "-L", $"0:127.0.0.1:{target}", .. arguments], environment);
        return (agent, LocalPort(await agent.LineAsync("forwarding ")));
    }

    /// <summary>Starts an agent with these ways in; returns it once it has printed a line with <paramref name="ready"/>, and that line.</summary>
    public async Task<(ChildProcess Agent, string Line)> StartAgentWithAsync(string ready, string[] ways, IReadOnlyDictionary<string, string>? environment = null)
    {
        ChildProcess agent = Start(Installed.Built("TunnelAspire.Agent", "tunnel"), ["connect", Server, "-v", .. ways], environment ?? new Dictionary<string, string>());
        return (agent, await agent.LineAsync(ready));
    }

    /// <summary>Starts an agent with a proxy port; returns it and the port.</summary>
    public async Task<(ChildProcess Agent, int Port)> StartProxyAsync(IReadOnlyDictionary<string, string>? environment = null)
    {
        (ChildProcess agent, string line) = await StartAgentWithAsync("SOCKS and HTTP proxy on ", ["-D", "0"], environment);
        return (agent, LocalPort(line));
    }

    /// <summary>The local port that the agent's line names.</summary>
    public static int LocalPort(string line) =>
        int.Parse(line.Split(' ').First(word => word.StartsWith("127.0.0.1:", StringComparison.Ordinal)).Split(':')[^1], CultureInfo.InvariantCulture);

    /// <summary>Waits until the relay is ready and sees that many connectors.</summary>
    public Task ReadyAsync(int relay, int connectors) =>
        Waiting.UntilAsync(async () => await HealthAsync(relay) is { } health && health.StartsWith("{\"status\":\"Healthy\"", StringComparison.Ordinal) &&
            health.Contains($"{connectors} live", StringComparison.Ordinal), $"relay {relay} is ready");

    /// <summary>What the relay's health endpoint says, or nothing.</summary>
    public async Task<string> HealthAsync(int relay)
    {
        try
        {
            return await (await Http.GetAsync($"{RelayUrl(relay)}/health")).Content.ReadAsStringAsync();
        }
        catch (HttpRequestException)
        {
            return "";
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        foreach (ChildProcess child in Enumerable.Reverse(_children))
        {
            await child.DisposeAsync();
        }
    }

    private ChildProcess Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        ChildProcess child = ChildProcess.Start(program, arguments, environment);
        _children.Add(child);
        return child;
    }

    private Dictionary<string, string> Settings(Dictionary<string, string> own)
    {
        own["Logging__LogLevel__TunnelAspire"] = "Debug";
        own["ConnectionStrings__redis"] = $"127.0.0.1:{RedisPort}";
        foreach ((string name, string value) in _settings)
        {
            own[name] = value;
        }

        return own;
    }
}
