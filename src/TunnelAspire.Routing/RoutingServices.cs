using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StackExchange.Redis;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Routing;

/// <summary>Puts the routing store into a host.</summary>
public static class RoutingServices
{
    private const int LongestReconnectPause = 1000;

    /// <summary>Routes in the Redis that the connection string <c>redis</c> names.</summary>
    /// <exception cref="InvalidOperationException">There is no such connection string.</exception>
    public static IHostApplicationBuilder AddRouting(this IHostApplicationBuilder builder)
    {
        AddCommon(builder);
        string? connection = builder.Configuration.GetConnectionString("redis");
        if (string.IsNullOrWhiteSpace(connection))
        {
            throw new InvalidOperationException("No Redis: set the connection string 'redis' (environment variable ConnectionStrings__redis)");
        }

        builder.Services.AddSingleton<IConnectionMultiplexer>(services => Connect(Parse(connection), services.GetRequiredService<IOptions<RoutingOptions>>().Value));
        builder.Services.AddSingleton<RedisRoutingStore>();
        builder.Services.AddSingleton<IRoutingStore>(services => services.GetRequiredService<RedisRoutingStore>());
        builder.Services.AddHostedService<StoreWatch>();
        return builder;
    }

    /// <summary>Routes in memory: relay and connector are in this process.</summary>
    public static IHostApplicationBuilder AddInMemoryRouting(this IHostApplicationBuilder builder)
    {
        AddCommon(builder);
        builder.Services.AddSingleton<IRoutingStore>(services =>
            new MemoryRoutingStore(TimeProvider.System, services.GetRequiredService<IOptions<RoutingOptions>>().Value.RouteLease));
        return builder;
    }

    private static ConfigurationOptions Parse(string connection)
    {
        try
        {
            return ConfigurationOptions.Parse(connection);
        }
        catch (ArgumentException e)
        {
            throw new InvalidOperationException($"The connection string 'redis' is wrong: {e.Message}", e);
        }
    }

    private static void AddCommon(IHostApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<RoutingOptions, RoutingOptionsValidator>().BindConfiguration(RoutingOptions.Section);
        builder.Services.TryAddSingleton(new ClusterKeys());
        builder.Services.AddHealthChecks().AddCheck<RoutingHealth>("redis", tags: ["ready"]);
    }

    /// <summary>Fails fast while disconnected, and comes back within about a second of Redis' return.</summary>
    private static ConnectionMultiplexer Connect(ConfigurationOptions configuration, RoutingOptions options)
    {
        configuration.AbortOnConnectFail = false;
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        configuration.ConnectTimeout = configuration.AsyncTimeout = (int)options.CommandTimeout.TotalMilliseconds;
        configuration.ReconnectRetryPolicy = new ExponentialRetry(100, LongestReconnectPause);
        configuration.HeartbeatInterval = TimeSpan.FromMilliseconds(500);
        return ConnectionMultiplexer.Connect(configuration);
    }
}

/// <summary>Whether the store answers.</summary>
internal sealed class RoutingHealth(IRoutingStore store) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await store.PingAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (RoutingUnavailableException e)
        {
            return HealthCheckResult.Unhealthy(e.Message);
        }
    }
}
