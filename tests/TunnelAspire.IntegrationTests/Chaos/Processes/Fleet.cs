using System.Globalization;
using System.Net;
using TunnelAspire.IntegrationTests.Chaos.Faults;
using TunnelAspire.IntegrationTests.Harness;
using TunnelAspire.IntegrationTests.Telemetry;

namespace TunnelAspire.IntegrationTests.Chaos.Processes;

/// <summary>A relay that runs, and its port.</summary>
internal sealed record Relay(ChildProcess Process, int Port);

/// <summary>How much of a tunnel there is.</summary>
/// <param name="Relays">How many relays.</param>
/// <param name="Connectors">How many connectors.</param>
/// <param name="Settings">Environment variables of relays and connectors.</param>
internal sealed record FleetSize(int Relays, int Connectors, Dictionary<string, string>? Settings = null);

/// <summary>
/// A whole tunnel of real processes, each of whose ways leads through something that can fail: agent → <see cref="FaultProxy"/> →
/// relays → <see cref="TcpWay"/> → connectors; relays and connectors → <see cref="TcpWay"/> → redis-server. All print to files.
/// </summary>
internal sealed class Fleet : IAsyncDisposable
{
    private readonly Scratch _logs = new();
    private readonly FleetSize _size;
    private readonly AgentNetwork? _network;
    private readonly List<ChildProcess> _all = [];
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly int _redisPort = Loopback.FreePort();
    private int _started;

    private Fleet(FleetSize size, Weather weather, AgentNetwork? network)
    {
        (_size, _network) = (size, network);
        Proxy = new FaultProxy(network?.Server ?? IPAddress.Loopback, weather);
        Metrics = new Collector(network?.Host, keep: false);
    }

    public FaultProxy Proxy { get; }

    public Collector Metrics { get; }

    public TcpWay RedisWay { get; } = new();

    public List<TcpWay> ConnectorWays { get; } = [];

    public ChildProcess Redis { get; private set; } = null!;

    public ChildProcess Agent { get; private set; } = null!;

    public List<Relay> Relays { get; } = [];

    public List<ChildProcess> Connectors { get; } = [];

    /// <summary>Where the agent takes connections for each target.</summary>
    public List<IPEndPoint> Ways { get; } = [];

    /// <summary>Folder of what the processes print.</summary>
    public string Logs => _logs.Folder;

    /// <summary>Starts everything, and waits until it is ready.</summary>
    public static async Task<Fleet> StartAsync(FleetSize size, Weather weather, IEnumerable<int> targets, AgentNetwork? network = null)
    {
        Fleet fleet = new(size, weather, network);
        try
        {
            await fleet.StartAsync(targets);
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts redis-server, empty.</summary>
    public async Task StartRedisAsync()
    {
        Redis = Start("redis", "redis-server", ["--port", $"{_redisPort}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], []);
        await Loopback.AcceptsAsync(_redisPort, "redis-server");
    }

    /// <summary>Forgets all that Redis holds.</summary>
    public Task EmptyRedisAsync() => ChildProcess.RunAsync("redis-cli", "-p", $"{_redisPort}", "FLUSHALL");

    /// <summary>Starts a relay on a port of its own; it is not behind the proxy yet.</summary>
    public Relay StartRelay()
    {
        int port = Loopback.FreePort();
        string name = $"relay-{++_started}";
        return new Relay(Start(name, Installed.Built("TunnelAspire.Relay"), [], new()
        {
            ["Relay__Name"] = name,
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}",
        }), port);
    }

    /// <summary>Waits until the relay takes requests.</summary>
    public static Task ServesAsync(Relay relay) => Loopback.AcceptsAsync(relay.Port, "the relay");

    /// <summary>Waits until the relay's readiness says that it may get requests.</summary>
    public Task ReadyAsync(Relay relay) => Waiting.UntilAsync(async () => await HealthAsync(relay) == HttpStatusCode.OK, "the relay is ready");

    /// <summary>What the relay's readiness says; null where it takes no connection.</summary>
    public async Task<HttpStatusCode?> HealthAsync(Relay relay)
    {
        try
        {
            using HttpResponseMessage answer = await _http.GetAsync($"http://127.0.0.1:{relay.Port}/health");
            return answer.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return null; // not there, or not within the client's limit
        }
    }

    /// <summary>The proxy sends requests to all relays that there are.</summary>
    public void Balance() => Proxy.Relays.Set([.. Relays.Select(relay => relay.Port)]);

    /// <summary>Keeps what the processes have printed.</summary>
    public string KeepLogs()
    {
        string kept = Path.Combine(Path.GetTempPath(), $"chaos-{Environment.ProcessId}-{TimeProvider.System.GetUtcNow():HHmmss}");
        ChildProcess.RunAsync("cp", "-r", Logs, kept).GetAwaiter().GetResult();
        return kept;
    }

    /// <summary>The processes whose leftovers count, each with the name of its kind.</summary>
    public (string Name, int Process)[] Services() =>
    [
        ("agent", Agent.Id),
        .. Connectors.Select((connector, number) => ($"connector-{number}", connector.Id)),
        .. Relays.Select((relay, number) => ($"relay-{number}", relay.Process.Id)),
    ];

    /// <summary>Waits until each process that has worked has become quiet, and has told that it gave memory back.</summary>
    public Task QuietAsync() => Waiting.UntilAsync(
        () => Directory.EnumerateFiles(Logs).All(log =>
            Path.GetFileName(log) == "redis.log" || File.ReadAllText(log).Contains("Quiet: the heap had", StringComparison.Ordinal)),
        "all have become quiet",
        TimeSpan.FromMinutes(1));

    /// <summary>A metric's sum over some processes, as they told it last.</summary>
    public double Sum(string metric, params IEnumerable<ChildProcess> processes) =>
        processes.Sum(process => Metrics.Processes.TryGetValue(process.Id, out ProcessMetrics? metrics) ? metrics.Values.GetValueOrDefault(metric) : 0);

    /// <summary>All connections on all ways break, those that nobody uses as well.</summary>
    public void CutAll()
    {
        Proxy.Cut();
        ConnectorWays.ForEach(way => way.Cut());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ChildProcess process in Enumerable.Reverse(_all))
        {
            process.Signal(ChildProcess.SigCont);
            await process.DisposeAsync();
        }

        await Proxy.DisposeAsync();
        Metrics.Dispose();
        RedisWay.Dispose();
        ConnectorWays.ForEach(way => way.Dispose());
        _http.Dispose();
        _logs.Dispose();
    }

    private async Task StartAsync(IEnumerable<int> targets)
    {
        RedisWay.To = _redisPort;
        await StartRedisAsync();
        for (int i = 0; i < _size.Connectors; i++)
        {
            ConnectorWays.Add(new TcpWay { To = Loopback.FreePort() });
            Connectors.Add(StartConnector(i));
        }

        Relays.AddRange(Enumerable.Range(0, _size.Relays).Select(_ => StartRelay()));
        foreach (TcpWay way in ConnectorWays)
        {
            await Loopback.AcceptsAsync(way.To, "the connector");
        }

        foreach (Relay relay in Relays)
        {
            await ReadyAsync(relay);
        }

        Balance();
        await StartAgentAsync(targets);
    }

    private ChildProcess StartConnector(int number) => Start($"connector-{number}", Installed.Built("TunnelAspire.Connector"), [], new()
    {
        ["Connector__Name"] = $"connector-{number}",
        ["Connector__AdvertisedUrl"] = $"http://127.0.0.1:{ConnectorWays[number].Port}",
        ["Connector__Allow__0"] = "127.0.0.1:*",
        ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{ConnectorWays[number].To}",
    });

    private async Task StartAgentAsync(IEnumerable<int> targets)
    {
        string program = Installed.Built("TunnelAspire.Agent", "tunnel");
        List<string> arguments = ["connect", Proxy.Url, "--proxy", "none", "-v"];
        foreach (int target in targets)
        {
            IPEndPoint way = new(_network?.Agent ?? IPAddress.Loopback, _network is null ? Loopback.FreePort() : 20000 + Ways.Count);
            Ways.Add(way);
            arguments.AddRange(["-L", string.Create(CultureInfo.InvariantCulture, $"{way}:127.0.0.1:{target}")]);
        }

        Agent = _network is null ? Start("agent", program, arguments, []) : Start("agent", "ip", [.. _network.Enter(program), .. arguments], []);
        await Waiting.UntilAsync(
            async () => (await File.ReadAllTextAsync(Path.Combine(Logs, "agent.log"))).Split("forwarding ").Length > Ways.Count, "the agent forwards");
    }

    /// <summary>Starts a program whose output goes to a file.</summary>
    private ChildProcess Start(string name, string program, IEnumerable<string> arguments, Dictionary<string, string> own)
    {
        own["LOG"] = Path.Combine(Logs, $"{name}.log");
        File.AppendAllText(own["LOG"], "");
        own["Logging__LogLevel__TunnelAspire"] = "Debug";
        own["Logging__OpenTelemetry__LogLevel__Default"] = "None"; // metrics are what is asked for
        own["OTEL_TRACES_SAMPLER"] = "always_off";
        own["ConnectionStrings__redis"] = $"127.0.0.1:{RedisWay.Port}";
        foreach ((string setting, string value) in Metrics.Environment.Concat(_size.Settings ?? []))
        {
            own[setting] = value;
        }

        ChildProcess process = ChildProcess.Start("sh", ["-c", "exec \"$0\" \"$@\" >>\"$LOG\" 2>&1", Installed.Find(program), .. arguments], own);
        _all.Add(process);
        return process;
    }
}
