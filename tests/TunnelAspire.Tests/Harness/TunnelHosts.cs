using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TunnelAspire.Connector;
using TunnelAspire.Http;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Relay;
using TunnelAspire.Routing;

namespace TunnelAspire.Tests.Harness;

/// <summary>A connector and a relay with web servers of their own, in this process, and a target that echoes.</summary>
public class TunnelHosts : IAsyncLifetime
{
    /// <summary>Small, so that tests meet the limits soon.</summary>
    public const int MaxBody = 32 * 1024;
    public static readonly SessionLimits Limits = new(Window: 256 * 1024, MaxBody, Hold: TimeSpan.FromMilliseconds(300), Grace: TimeSpan.FromSeconds(20));

    private readonly Dictionary<string, string?> _settings = [];

    public TunnelHosts()
    {
    }

    /// <summary>Hosts with more settings, for both of them.</summary>
    internal TunnelHosts(Dictionary<string, string?> settings) => _settings = settings;

    private readonly MemoryRoutingStore _store = new(TimeProvider.System, TimeSpan.FromMinutes(1));
    private readonly TcpListener _echo = Listen();
    private readonly TcpListener _forbidden = Listen();
    private WebApplication _connector = null!;
    private WebApplication _relay = null!;

    public Uri Connector => new(_connector.Urls.First());

    public Uri Relay => new(_relay.Urls.First());

    /// <summary>The relay's address where it speaks HTTP/2, without TLS.</summary>
    public Uri RelayInHttp2 => new(_relay.Urls.Last());

    /// <summary>The allowed target that echoes.</summary>
    public string Target => Address(_echo);

    /// <summary>A target that listens, and is not allowed.</summary>
    public string ForbiddenTarget => Address(_forbidden);

    /// <summary>An allowed target where nobody listens: its listener was closed.</summary>
    public string RefusingTarget { get; } = ClosedPort();

    /// <summary>An allowed target that a test plays: it accepts the sessions' connections itself.</summary>
    public TcpListener PlayedTarget { get; } = Listen();

    /// <summary>Settings for both, beside those that every test has.</summary>
    protected virtual Dictionary<string, string?> Settings => [];

    /// <summary>Whether the connector, too, serves requests past its web server, as it does outside of tests.</summary>
    protected virtual bool ConnectorIsDirect => false;

    public bool ForbiddenTargetWasDialled => _forbidden.Pending();

    /// <summary>How the connector is registered.</summary>
    public async Task<ConnectorAddress> RegisteredAsync() => Assert.Single(await _store.ListConnectorsAsync(CancellationToken.None)).Address;

    public async ValueTask InitializeAsync()
    {
        _ = EchoAllAsync();
        _connector = await StartAsync(
            builder =>
            {
                builder.Configuration.AddInMemoryCollection(ConnectorSettings());
                if (ConnectorIsDirect)
                {
                    builder.AddWebServer();
                }

                builder.AddConnector();
            },
            app => app.MapConnector());
        _relay = await StartAsync(
            builder =>
            {
                builder.Configuration.AddInMemoryCollection(
                [
                    new("Relay:Name", "relay"),
                    new("Kestrel:Endpoints:A:Url", "http://127.0.0.1:0"),
                    new("Kestrel:Endpoints:B:Url", "http://127.0.0.1:0"),
                    new("Kestrel:Endpoints:B:Protocols", "Http2"),
                ]);
                builder.AddWebServer();
                builder.AddRelay();
            },
            app => app.MapRelay());
        await Waiting.UntilAsync(async () => (await _store.ListConnectorsAsync(CancellationToken.None)).Count == 1, "the connector announces itself");
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _relay.DisposeAsync();
        await _connector.DisposeAsync();
        _echo.Dispose();
        _forbidden.Dispose();
        PlayedTarget.Dispose();
    }

    private Dictionary<string, string?> ConnectorSettings() => new()
    {
        ["Connector:Name"] = "connector",
        ["Connector:Allow:0"] = Target,
        ["Connector:Allow:1"] = RefusingTarget,
        ["Connector:Allow:2"] = "nowhere.invalid:80",
        ["Connector:Allow:3"] = Address(PlayedTarget),
        ["Connector:Window"] = Limits.Window.ToString(CultureInfo.InvariantCulture),
        ["Connector:MaxBody"] = Limits.MaxBody.ToString(CultureInfo.InvariantCulture),
        ["Connector:Hold"] = Limits.Hold.ToString(),
        ["Connector:Grace"] = Limits.Grace.ToString(),
        ["Connector:DrainSeconds"] = "0",
    };

    private async Task<WebApplication> StartAsync(Action<WebApplicationBuilder> register, Action<WebApplication> map)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(_settings);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(Settings);
        builder.AddInMemoryRouting();
        builder.Services.AddSingleton<IRoutingStore>(_store);
        register(builder);

        WebApplication app = builder.Build();
        app.UseMiddleware<TunnelErrorMiddleware>();
        map(app);
        await app.StartAsync();
        return app;
    }

    private async Task EchoAllAsync()
    {
        try
        {
            while (true)
            {
                _ = EchoAsync(await _echo.AcceptSocketAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The listener is closed: the tests are over.
        }
    }

    private static async Task EchoAsync(Socket socket)
    {
        using NetworkStream stream = new(socket, ownsSocket: true);
        try
        {
            await stream.CopyToAsync(stream);
        }
        catch (IOException)
        {
            // The session was reset.
        }
    }

    private static TcpListener Listen()
    {
        TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private static string ClosedPort()
    {
        using TcpListener listener = Listen();
        return Address(listener);
    }

    public static string Address(TcpListener listener) => listener.LocalEndpoint.ToString()!;
}
