using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using TunnelAspire.Connector;
using TunnelAspire.Connector.Sessions;
using TunnelAspire.Http.Identity;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Routing;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Routing;

/// <summary>A connector whose Redis loses everything writes it again at the next heartbeats, not when the routes' lease would have ended.</summary>
public sealed class LeaseRecoveryTests : IAsyncLifetime
{
    // A heartbeat is not seen from outside: each has a moment to end in, and there are many.
    private const int Heartbeats = 100;
    private static readonly TimeSpan HeartbeatsEnd = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch);
    private readonly TcpListener _target = new(IPAddress.Loopback, 0);
    private readonly SessionId _session = SessionId.New();
    private RedisProcess _redis = null!;
    private WebApplication _connector = null!;

    private IRoutingStore Store => _connector.Services.GetRequiredService<IRoutingStore>();

    public async ValueTask InitializeAsync()
    {
        _target.Start();
        _redis = await RedisProcess.StartServerAsync();
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:redis"] = _redis.ConnectionString,
            ["Routing:RouteLease"] = "01:00:00",
            ["Routing:CommandTimeout"] = "00:00:00.200",
            ["Connector:Allow:0"] = "127.0.0.1:*",
            ["Connector:DrainSeconds"] = "0",
        });
        builder.AddRouting();
        builder.AddConnector();
        builder.Services.AddSingleton<TimeProvider>(_time);
        _connector = builder.Build();
        _connector.MapConnector();
        await _connector.StartAsync();
        await Waiting.UntilAsync(async () => (await Store.ListConnectorsAsync(CancellationToken.None)).Count == 1, "the connector announces itself");
        Assert.True(TargetAddress.TryParse(_target.LocalEndpoint.ToString(), out TargetAddress? target));
        await _connector.Services.GetRequiredService<SessionTable>().OpenAsync(new Opening(_session, target, Caller.Anonymous), CancellationToken.None).Soon();
    }

    public async ValueTask DisposeAsync()
    {
        await _connector.DisposeAsync();
        await _redis.DisposeAsync();
        _target.Dispose();
    }

    [Fact]
    public async Task Routes_AfterRedisCameBackEmpty_AreRestored()
    {
        await _redis.KillAsync();
        await _redis.StartAsync();

        await RequireRouteAsync();
    }

    [Fact]
    public async Task Routes_LostWhileAHeartbeatTimedOut_AreRestored()
    {
        // The flush and the heartbeat wait in Redis' sockets. When it goes on, it flushes, and then takes the heartbeat, whose
        // answer nobody waits for any more: the next one finds the connector's entry there, but the routes are lost.
        using TcpClient flusher = new();
        await flusher.ConnectAsync(IPAddress.Loopback, _redis.Port);
        _redis.Freeze();
        await flusher.GetStream().WriteAsync("FLUSHDB\r\n"u8.ToArray());
        _time.Advance(Heartbeat);
        await RequireOutOfReachAsync();
        _redis.Thaw();
        await flusher.GetStream().ReadExactlyAsync(new byte["+OK\r\n".Length]).Soon();

        await RequireRouteAsync();
    }

    private async Task RequireOutOfReachAsync() =>
        await Assert.ThrowsAsync<RoutingUnavailableException>(() => Store.PingAsync(CancellationToken.None));

    /// <summary>The route is there again, while the connector's heart beats; the route's own lease is far longer.</summary>
    private async Task RequireRouteAsync()
    {
        for (int beat = 0; beat < Heartbeats; beat++)
        {
            if (await FindRouteAsync() is not null)
            {
                return;
            }

            _time.Advance(Heartbeat);
            await Task.Delay(HeartbeatsEnd);
        }

        Assert.Fail($"the route is not restored after {Heartbeats} heartbeats");
    }

    private async Task<ConnectorAddress?> FindRouteAsync()
    {
        try
        {
            return await Store.FindRouteAsync(_session, CancellationToken.None);
        }
        catch (RoutingUnavailableException)
        {
            return null;
        }
    }
}
