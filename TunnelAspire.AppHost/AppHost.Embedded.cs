namespace TunnelAspire.AppHost;

/// <summary>The embedded engine's side of what the engines do not share: it deploys nothing. See AppHost.Aspire.cs.</summary>
internal static class Deployment
{
    /// <summary>Names the engine, and how to have the other.</summary>
    public static void AddDeployment(this IDistributedApplicationBuilder builder) => Console.WriteLine(
        "Engine: embedded, on this machine only. Aspire's, with its dashboard and deployment: dotnet run --project TunnelAspire.AppHost -p:AppHostEngine=Aspire");

    /// <summary>None.</summary>
    public static IResourceBuilder<IResourceWithConnectionString>? AddDeployedRedis(this IDistributedApplicationBuilder builder, string name) =>
        builder.Configuration["Redis"] is null or "embedded"
            ? null
            : throw new DistributedApplicationException($"Redis is '{builder.Configuration["Redis"]}', which only Aspire's engine can start; leave it out, or configure ConnectionStrings:{name}.");

    /// <summary>A secret that is configured: nothing is deployed.</summary>
    public static IResourceBuilder<ParameterResource> AddGeneratedSecret(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddParameter(name, secret: true);

    /// <summary>Ready to serve where <c>/health</c> answers 200.</summary>
    public static IResourceBuilder<ProjectResource> WithReadiness(this IResourceBuilder<ProjectResource> service) =>
        service.WithHttpHealthCheck("/health", endpointName: "http");

    /// <summary>Nothing.</summary>
    public static IResourceBuilder<ProjectResource> DeployAsConnector(this IResourceBuilder<ProjectResource> connector) => connector;

    /// <summary>Nothing.</summary>
    public static IResourceBuilder<ProjectResource> DeployAsRelay(this IResourceBuilder<ProjectResource> relay) => relay;
}
