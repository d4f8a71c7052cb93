namespace Aspire.Hosting.ApplicationModel;

/// <summary>A .NET project of this solution; it runs as one child process or, with replicas, several.</summary>
public sealed class ProjectResource(string name)
    : Resource(name), IResourceWithEnvironment, IResourceWithArgs, IResourceWithServiceDiscovery, IResourceWithWaitSupport
{
    internal IProjectMetadata? Metadata { get; init; }

    internal int Replicas { get; set; } = 1;

    internal IList<EndpointAnnotation> Endpoints { get; } = [];

    internal IList<EnvironmentValue> Environment { get; } = [];

    internal IList<IValueProvider> Arguments { get; } = [];

    internal IList<IResource> WaitsFor { get; } = [];

    internal IList<ResourceUrlAnnotation> Urls { get; } = [];

    internal HttpHealthCheck? HealthCheck { get; set; }

    /// <summary>The endpoint of that name.</summary>
    /// <exception cref="DistributedApplicationException">There is none.</exception>
    internal EndpointAnnotation Endpoint(string endpointName) =>
        Endpoints.FirstOrDefault(endpoint => endpoint.Name == endpointName)
        ?? throw new DistributedApplicationException($"The resource '{Name}' has no endpoint '{endpointName}'.");
}

/// <summary>One environment variable, whose value is known once ports are.</summary>
internal sealed record EnvironmentValue(string Name, IValueProvider Value);

/// <summary>Ready means: GET of the path on the endpoint answers with the status.</summary>
internal sealed record HttpHealthCheck(string EndpointName, string Path, int Status);

/// <summary>A text as a value.</summary>
internal sealed record LiteralValue(string? Text) : IValueProvider
{
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult(Text);
}
