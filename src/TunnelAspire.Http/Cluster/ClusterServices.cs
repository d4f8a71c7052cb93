using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using TunnelAspire.Http.Files;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Http.Cluster;

/// <summary>Puts the cluster's keys into a host.</summary>
public static class ClusterServices
{
    private const string Unknown =
        "no cluster key, so whoever reaches this service would be taken for one of the cluster: set Cluster:Key (Cluster__Key) or Cluster:KeyFile, the same for all relays and connectors, or Cluster:Open=true";

    /// <summary>Registers what section <c>Cluster</c> says; once, where relay and connector share a host.</summary>
    public static IHostApplicationBuilder AddCluster(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(SessionTokens)))
        {
            return builder;
        }

        builder.Services.AddWatchedFiles();
        builder.Services.AddOptions<ClusterOptions>()
            .BindConfiguration(ClusterOptions.Section)
            .Validate(cluster => cluster.Key.Length == 0 || cluster.KeyFile.Length == 0, "Cluster:Key and Cluster:KeyFile exclude each other")
            .ValidateOnStart();
        builder.Services.Replace(ServiceDescriptor.Singleton(Load));
        builder.Services.AddSingleton(services => new SessionTokens(services.GetRequiredService<ClusterKeys>()));
        return builder;
    }

    /// <summary>Without a key the service listens for this machine only, unless the section says that it is open.</summary>
    public static IHostApplicationBuilder ConfineWithoutCluster(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton(new ListenRule(services =>
            services.GetRequiredService<IOptions<ClusterOptions>>().Value is { IsSet: false, Open: false } ? Unknown : null));
        return builder;
    }

    /// <summary>Without a key the service does not start: it shares a routing store with others, whose requests come where everybody's do.</summary>
    public static IHostApplicationBuilder RequireClusterKey(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<ClusterOptions>().Validate(
            cluster => cluster.IsSet, "With Redis there may be other relays and connectors, which this one must know from strangers: set Cluster:Key (Cluster__Key) or Cluster:KeyFile, the same for all");
        return builder;
    }

    private static ClusterKeys Load(IServiceProvider services)
    {
        ClusterOptions options = services.GetRequiredService<IOptions<ClusterOptions>>().Value;
        if (options.KeyFile.Length == 0)
        {
            return new ClusterKeys(Read("Cluster:Key", options.Key));
        }

        ClusterKeys keys = new();
        services.GetRequiredService<WatchedFiles>().Watch(options.KeyFile, text =>
        {
            keys.Replace(ClusterKeys.Parse(text) is { Count: > 0 } read ? read : throw new FormatException("it holds no cluster key"));
            return keys;
        });
        return keys;
    }

    private static IReadOnlyList<string> Read(string name, string text)
    {
        try
        {
            return ClusterKeys.Parse(text);
        }
        catch (FormatException e)
        {
            throw new FormatException($"{name}: {e.Message}", e);
        }
    }
}
