using Microsoft.Extensions.Configuration;

namespace TunnelAspire.AppHost;

/// <summary>The Redis that holds routes. What it holds can be lost at any time (docs/architecture.md).</summary>
internal static class RoutingStore
{
    /// <summary>
    /// The connection string <c>redis</c> where one is configured (<c>ConnectionStrings:redis</c>), else the deployment's own,
    /// else an embedded one, which needs nothing to be installed.
    /// </summary>
    /// <param name="builder">The map.</param>
    /// <param name="store">What to wait for.</param>
    public static IResourceBuilder<IResourceWithConnectionString> AddRoutingStore(
        this IDistributedApplicationBuilder builder, out IResourceBuilder<IResource> store)
    {
        IResourceBuilder<IResourceWithConnectionString>? other = string.IsNullOrEmpty(builder.Configuration.GetConnectionString("redis"))
            ? builder.AddDeployedRedis("redis")
            : builder.AddConnectionString("redis");
        if (other is not null)
        {
            store = other;
            return other;
        }

        IResourceBuilder<ProjectResource> embedded = builder.AddProject<Projects.TunnelAspire_RedisStore>("redis-store", launchProfileName: null)
            .WithEndpoint(name: "tcp", scheme: "tcp", env: "Redis__Port");
        store = embedded;
        EndpointReferenceExpression address = embedded.GetEndpoint("tcp").Property(EndpointProperty.HostAndPort);
        return builder.AddConnectionString("redis", ReferenceExpression.Create($"{address},abortConnect=false"));
    }
}
