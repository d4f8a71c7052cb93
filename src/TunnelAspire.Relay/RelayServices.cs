using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using TunnelAspire.Http;
using TunnelAspire.Http.Cluster;
using TunnelAspire.Http.Direct;
using TunnelAspire.Http.Identity;
using TunnelAspire.Http.Limits;
using TunnelAspire.Relay.Paths;
using TunnelAspire.Routing;

namespace TunnelAspire.Relay;

/// <summary>Puts the relay into a host, and its endpoints into the host's server.</summary>
public static class RelayServices
{
    /// <summary>Registers the relay. The routing store is registered by the host.</summary>
    public static IHostApplicationBuilder AddRelay(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<RelayOptions, RelayOptionsValidator>().BindConfiguration(RelayOptions.Section);
        builder.AddLimits();
        builder.AddCluster();
        builder.AddCallers();
        builder.Services.AddSingleton(services => new AgentAddress(services.GetRequiredService<IOptions<RelayOptions>>().Value.TrustedProxies));
        builder.Services.AddSingleton<TimeProvider>(TimeProvider.System);
        builder.Services.TryAddSingleton<RelayProofs>();
        builder.Services.AddSingleton<ConnectorDirectory>();
        builder.Services.AddSingleton<RouteCache>();
        builder.Services.AddSingleton<ConnectorClient>();
        builder.Services.AddSingleton<Forwarder>();
        builder.Services.AddSingleton<RelayAdmissions>();
        builder.Services.AddSingleton<RelayMetrics>();
        builder.Services.AddSingleton<RelayEndpoints>();
        builder.Services.AddSingleton<PathEndpoints>();
        builder.Services.AddSingleton<RelayDrain>();
        builder.Services.AddHostedService<RelayDrainService>();
        builder.Services.AddHealthChecks().AddCheck<ConnectorDirectory>("connectors", tags: ["ready"]).AddCheck<RelayDrain>("relay", tags: ["ready"]);

        // Whoever takes no answer must not keep the process from ending. A connector in the same process has its own, longer deadline.
        builder.Services.AddOptions<HostOptions>().Configure<IOptions<RelayOptions>, IServiceProvider>((host, relay, services) =>
        {
            if (services.GetService<LocalConnector>() is null)
            {
                host.ShutdownTimeout = relay.Value.StopDelay + RelayDrainService.Patience;
            }
            else
            {
                host.ShutdownTimeout += relay.Value.StopDelay;
            }
        });
        return builder;
    }

    /// <summary>Maps the relay's endpoints.</summary>
    public static void MapRelay(this WebApplication app)
    {
        RelayEndpoints endpoints = app.Services.GetRequiredService<RelayEndpoints>();
        endpoints.Map(app);
        app.Services.GetService<DirectRequests>()?.Serve(endpoints.AnswerAsync);
        app.Services.GetService<DirectLanes>()?.Map(app);
        app.Services.GetRequiredService<PathEndpoints>().Map(app);
    }
}
