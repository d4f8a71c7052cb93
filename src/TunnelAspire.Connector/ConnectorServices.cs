using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using TunnelAspire.Connector.Audit;
using TunnelAspire.Connector.Policy;
using TunnelAspire.Connector.Sessions;
using TunnelAspire.Http.Cluster;
using TunnelAspire.Http.Direct;
using TunnelAspire.Http.Files;
using TunnelAspire.Http.Limits;
using TunnelAspire.Routing;

namespace TunnelAspire.Connector;

/// <summary>Puts the connector into a host, and its endpoints into the host's server.</summary>
public static class ConnectorServices
{
    /// <summary>Registers the connector. The routing store is registered by the host.</summary>
    public static IHostApplicationBuilder AddConnector(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<ConnectorOptions, ConnectorOptionsValidator>()
            .BindConfiguration(ConnectorOptions.Section)
            .Validate(options => options.Grace > options.Hold, "Connector:Grace must be longer than Connector:Hold")
            .Validate(options => options.Hold < TimeSpan.FromMinutes(5), "Connector:Hold must be under five minutes");
        builder.Services.AddOptionsWithValidateOnStart<AuditOptions, AuditOptionsValidator>().BindConfiguration(AuditOptions.Section);
        builder.AddLimits();
        builder.AddCluster();
        builder.Services.AddSingleton<TimeProvider>(TimeProvider.System);
        builder.Services.TryAddSingleton<RelayProofs>();
        builder.Services.AddSingleton<RelayAdmission>();
        builder.Services.AddSingleton<ConnectorIdentity>();
        builder.Services.AddSingleton<ConnectorMetrics>();
        builder.Services.AddSingleton<ConnectorDrain>();
        builder.Services.AddSingleton<AuditTrail>();
        builder.Services.AddHostedService<AuditService>();
        builder.Services.AddWatchedFiles();
        builder.Services.AddSingleton<PolicySource>();
        builder.Services.AddSingleton<CallerQuotas>();
        builder.Services.AddSingleton<Admission>();
        builder.Services.AddSingleton<SessionTableContext>();
        builder.Services.AddSingleton<SessionTable>();
        builder.Services.AddSingleton<SessionAccess>();
        builder.Services.AddSingleton<SessionList>();
        builder.Services.AddSingleton<ConnectorAnswers>();
        builder.Services.AddSingleton<ConnectorEndpoints>();
        builder.Services.AddSingleton<LeaseServiceContext>();
        builder.Services.AddHostedService<LeaseService>();
        builder.Services.AddHostedService<DrainService>();
        builder.Services.AddHealthChecks().AddCheck<ConnectorDrain>("connector", tags: ["ready"]);

        // The host's own deadline must not cut the drain short.
        builder.Services.AddOptions<HostOptions>().Configure<IOptions<ConnectorOptions>>((host, connector) =>
            host.ShutdownTimeout = TimeSpan.FromSeconds(connector.Value.DrainSeconds + 5));
        return builder;
    }

    /// <summary>Maps the connector's endpoints.</summary>
    public static void MapConnector(this WebApplication app)
    {
        _ = app.Services.GetRequiredService<PolicySource>(); // a wrong policy stops the start
        ConnectorEndpoints endpoints = app.Services.GetRequiredService<ConnectorEndpoints>();
        endpoints.Map(app);
        app.Services.GetRequiredService<SessionList>().Map(app);
        app.Services.GetService<DirectRequests>()?.Serve(endpoints.AdmitAsync);
        app.Services.GetService<DirectLanes>()?.Map(app);
    }
}
