namespace Aspire.Hosting.ApplicationModel;

/// <summary>Configures one resource.</summary>
public interface IResourceBuilder<out T>
    where T : IResource
{
    /// <summary>The builder of the application.</summary>
    IDistributedApplicationBuilder ApplicationBuilder { get; }

    /// <summary>The resource.</summary>
    T Resource { get; }
}

internal sealed class ResourceBuilder<T>(IDistributedApplicationBuilder applicationBuilder, T resource) : IResourceBuilder<T>
    where T : IResource
{
    public IDistributedApplicationBuilder ApplicationBuilder { get; } = applicationBuilder;

    public T Resource { get; } = resource;
}

internal static class ProjectBuilder
{
    /// <summary>Every resource with endpoints, environment or arguments is a project here.</summary>
    public static ProjectResource Project<T>(this IResourceBuilder<T> builder)
        where T : IResource => builder.Resource as ProjectResource
            ?? throw new DistributedApplicationException($"The embedded engine starts projects only; '{builder.Resource.Name}' is none.");
}
