using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Routing;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Routing;

/// <summary>The routing store as the services register it, with the shortest leases and keys of its own, and the test's own way to Redis beside it.</summary>
public sealed class RedisStoreUnderTest : IAsyncDisposable
{
    public static readonly TimeSpan ConnectorLease = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan RouteLease = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(1);

    private readonly string _prefix = $"test-{Guid.NewGuid():N}:";
    private readonly IHost _host;
    private readonly Lazy<ConnectionMultiplexer> _connection;

    public RedisStoreUnderTest(RedisProcess redis)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:redis"] = redis.ConnectionString,
            ["Routing:ConnectorLease"] = ConnectorLease.ToString(),
            ["Routing:RouteLease"] = RouteLease.ToString(),
            ["Routing:CommandTimeout"] = CommandTimeout.ToString(),
            ["Routing:KeyPrefix"] = _prefix,
        });
        builder.AddRouting();
        _host = builder.Build();
        Store = _host.Services.GetRequiredService<IRoutingStore>();
        _connection = new(() => ConnectionMultiplexer.Connect($"{redis.ConnectionString},allowAdmin=true"));
    }

    public IRoutingStore Store { get; }

    /// <summary>Redis, past the store.</summary>
    public IDatabase Redis => _connection.Value.GetDatabase();

    public RedisKey Index => _prefix + "connectors";

    public RedisKey ConnectorKey(string name) => $"{_prefix}connector:{name}";

    public RedisKey RunKey(string name) => $"{_prefix}run:{name}";

    public RedisKey RouteKey(SessionId session) => $"{_prefix}route:{session}";

    public async ValueTask DisposeAsync()
    {
        if (_connection.IsValueCreated)
        {
            await _connection.Value.DisposeAsync();
        }

        if (_host is IAsyncDisposable host)
        {
            await host.DisposeAsync();
        }
    }
}

/// <summary>One Redis for the tests of a class: each test has keys of its own.</summary>
public abstract class RedisFixture(Func<Task<RedisProcess>> start) : IAsyncLifetime
{
    public RedisProcess Process { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Process = await start();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Process.DisposeAsync();
    }
}

public sealed class ServerFixture() : RedisFixture(RedisProcess.StartServerAsync);

public sealed class GarnetFixture() : RedisFixture(RedisProcess.StartGarnetAsync);
