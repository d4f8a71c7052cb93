using System.Globalization;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>One address that a resource listens on.</summary>
public sealed class EndpointAnnotation
{
    internal EndpointAnnotation(string name, string uriScheme) => (Name, UriScheme) = (name, uriScheme);

    /// <summary>Unique within the resource.</summary>
    public string Name { get; }

    /// <summary><c>http</c>, <c>tcp</c> …</summary>
    public string UriScheme { get; set; }

    /// <summary>The port that others use; null leaves it to the system.</summary>
    public int? Port { get; set; }

    /// <summary>The port that the process listens on; null leaves it to the system.</summary>
    public int? TargetPort { get; set; }

    /// <summary>The environment variable that gets the target port; such an endpoint is left out of ASPNETCORE_URLS.</summary>
    public string? TargetPortEnvironmentVariable { get; set; }

    /// <summary>Whether an address of the engine's own may stand before the process.</summary>
    public bool IsProxied { get; set; } = true;

    /// <summary>Whether the endpoint is public where the application is deployed. Nothing to the embedded engine.</summary>
    public bool IsExternal { get; set; }

    /// <summary>The port that others use, once allocated.</summary>
    internal int? AllocatedPort { get; set; }

    internal bool IsHttp => UriScheme is "http" or "https";
}

/// <summary>Parts of an endpoint's address.</summary>
public enum EndpointProperty
{
    /// <summary><c>scheme://host:port</c>.</summary>
    Url,

    /// <summary>The host.</summary>
    Host,

    /// <summary>The host as an IPv4 address.</summary>
    IPV4Host,

    /// <summary>The port that others use.</summary>
    Port,

    /// <summary>The scheme.</summary>
    Scheme,

    /// <summary>The port that the process listens on. The embedded engine has none for replicas.</summary>
    TargetPort,

    /// <summary><c>host:port</c>.</summary>
    HostAndPort,
}

/// <summary>An endpoint of a resource, as a value: its URL.</summary>
public sealed class EndpointReference : IValueProvider
{
    internal EndpointReference(ProjectResource owner, string endpointName) => (Owner, EndpointName) = (owner, endpointName);

    /// <summary>The endpoint's name.</summary>
    public string EndpointName { get; }

    /// <summary>Whose endpoint it is.</summary>
    public IResourceWithEndpoints Resource => Owner;

    /// <summary><c>scheme://localhost:port</c>.</summary>
    public string Url => $"{Annotation.UriScheme}://localhost:{Port}";

    /// <summary>The port that others use.</summary>
    /// <exception cref="DistributedApplicationException">The application has not started.</exception>
    public int Port => Annotation.AllocatedPort
        ?? throw new DistributedApplicationException($"The endpoint '{EndpointName}' of '{Owner.Name}' has no port before the application starts.");

    internal ProjectResource Owner { get; }

    internal EndpointAnnotation Annotation => Owner.Endpoint(EndpointName);

    /// <summary>A part of the address as a value.</summary>
    public EndpointReferenceExpression Property(EndpointProperty property) => new(this, property);

    /// <inheritdoc/>
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult<string?>(Url);
}

/// <summary>A part of an endpoint's address, as a value.</summary>
public sealed class EndpointReferenceExpression(EndpointReference endpointReference, EndpointProperty property) : IValueProvider
{
    /// <summary>The endpoint.</summary>
    public EndpointReference Endpoint { get; } = endpointReference;

    /// <summary>Which part.</summary>
    public EndpointProperty Property { get; } = property;

    /// <inheritdoc/>
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult<string?>(Property switch
    {
        EndpointProperty.Url => Endpoint.Url,
        EndpointProperty.Host => "localhost",
        EndpointProperty.IPV4Host => "127.0.0.1",
        EndpointProperty.Port => Endpoint.Port.ToString(CultureInfo.InvariantCulture),
        EndpointProperty.Scheme => Endpoint.Annotation.UriScheme,
        EndpointProperty.HostAndPort => $"localhost:{Endpoint.Port}",
        EndpointProperty.TargetPort when Endpoint.Owner.Replicas == 1 => Endpoint.Port.ToString(CultureInfo.InvariantCulture),
        _ => throw new DistributedApplicationException($"The embedded engine has no {Property} for '{Endpoint.EndpointName}' of '{Endpoint.Owner.Name}'."),
    });
}
