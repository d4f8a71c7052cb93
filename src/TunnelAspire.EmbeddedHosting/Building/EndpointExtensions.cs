using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>Where resources listen, and how it is seen that they are ready.</summary>
public static class EndpointResourceBuilderExtensions
{
    /// <summary>Adds an endpoint. Ports that are not given are chosen by the system.</summary>
    public static IResourceBuilder<T> WithEndpoint<T>(
        this IResourceBuilder<T> builder,
        int? port = null,
        int? targetPort = null,
        string? scheme = null,
        string? name = null,
        string? env = null,
        bool isProxied = true,
        bool? isExternal = null,
        ProtocolType? protocol = null)
        where T : IResourceWithEndpoints
    {
        if (protocol is not (null or ProtocolType.Tcp))
        {
            throw new DistributedApplicationException($"The embedded engine knows TCP endpoints only, not {protocol}.");
        }

        ProjectResource project = builder.Project();
        scheme ??= "tcp";
        name ??= scheme;
        if (project.Endpoints.Any(endpoint => endpoint.Name == name))
        {
            throw new DistributedApplicationException($"The resource '{project.Name}' has two endpoints named '{name}'.");
        }

        project.Endpoints.Add(new EndpointAnnotation(name, scheme)
        {
            Port = port,
            TargetPort = targetPort,
            TargetPortEnvironmentVariable = env,
            IsProxied = isProxied,
            IsExternal = isExternal ?? false,
        });
        return builder;
    }

    /// <summary>Adds an endpoint named <c>http</c>, or as given.</summary>
    public static IResourceBuilder<T> WithHttpEndpoint<T>(
        this IResourceBuilder<T> builder, int? port = null, int? targetPort = null, string? name = null, string? env = null, bool isProxied = true)
        where T : IResourceWithEndpoints => builder.WithEndpoint(port, targetPort, "http", name, env, isProxied);

    /// <summary>Makes the HTTP endpoints public where the application is deployed. Nothing to the embedded engine.</summary>
    public static IResourceBuilder<T> WithExternalHttpEndpoints<T>(this IResourceBuilder<T> builder)
        where T : IResourceWithEndpoints
    {
        foreach (EndpointAnnotation endpoint in builder.Project().Endpoints.Where(endpoint => endpoint.IsHttp))
        {
            endpoint.IsExternal = true;
        }

        return builder;
    }

    /// <summary>The endpoint of that name, for use in values.</summary>
    public static EndpointReference GetEndpoint<T>(this IResourceBuilder<T> builder, string name)
        where T : IResourceWithEndpoints => new(builder.Project(), name);

    /// <summary>The resource is ready when GET of the path answers with the status. Defaults: <c>/</c>, 200, the endpoint <c>http</c>.</summary>
    public static IResourceBuilder<T> WithHttpHealthCheck<T>(this IResourceBuilder<T> builder, string? path = null, int? statusCode = null, string? endpointName = null)
        where T : IResourceWithEndpoints
    {
        ProjectResource project = builder.Project();
        project.HealthCheck = new HttpHealthCheck(project.Endpoint(endpointName ?? "http").Name, path ?? "/", statusCode ?? 200);
        return builder;
    }

    /// <summary>Says what an endpoint's URL shows; the AppHost names it when everything is ready.</summary>
    public static IResourceBuilder<T> WithUrlForEndpoint<T>(this IResourceBuilder<T> builder, string endpointName, Action<ResourceUrlAnnotation> callback)
        where T : IResource
    {
        ArgumentNullException.ThrowIfNull(callback);
        ResourceUrlAnnotation url = new(new EndpointReference(builder.Project(), endpointName));
        callback(url);
        builder.Project().Urls.Add(url);
        return builder;
    }
}
