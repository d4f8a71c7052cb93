using System.Globalization;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>What a resource's process is told: environment, arguments, references; and what it waits for.</summary>
public static class ResourceBuilderExtensions
{
    /// <summary>Sets an environment variable to a text.</summary>
    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, string? value)
        where T : IResourceWithEnvironment => builder.Add(name, new LiteralValue(value ?? ""));

    /// <summary>Sets an environment variable to an interpolated string with values in it.</summary>
    public static IResourceBuilder<T> WithEnvironment<T>(
        this IResourceBuilder<T> builder, string name, in ReferenceExpression.ExpressionInterpolatedStringHandler value)
        where T : IResourceWithEnvironment => builder.Add(name, value.GetExpression());

    /// <summary>Sets an environment variable to an expression.</summary>
    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, ReferenceExpression value)
        where T : IResourceWithEnvironment => builder.Add(name, value);

    /// <summary>Sets an environment variable to an endpoint's URL.</summary>
    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, EndpointReference endpointReference)
        where T : IResourceWithEnvironment => builder.Add(name, endpointReference);

    /// <summary>Sets an environment variable to a parameter's value.</summary>
    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, IResourceBuilder<ParameterResource> parameter)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return builder.Add(name, parameter.Resource);
    }

    /// <summary>Adds arguments.</summary>
    public static IResourceBuilder<T> WithArgs<T>(this IResourceBuilder<T> builder, params string[] args)
        where T : IResourceWithArgs
    {
        ArgumentNullException.ThrowIfNull(args);
        Array.ForEach(args, argument => builder.Project().Arguments.Add(new LiteralValue(argument)));
        return builder;
    }

    /// <summary>Hands out a connection string: <c>ConnectionStrings__name</c>.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder, IResourceBuilder<IResourceWithConnectionString> source, string? connectionName = null, bool optional = false)
        where TDestination : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(source);
        return builder.Add($"ConnectionStrings__{connectionName ?? source.Resource.Name}", source.Resource);
    }

    /// <summary>Hands out a service's endpoints: <c>services__name__http__0</c> and <c>NAME_HTTP</c>.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder, IResourceBuilder<IResourceWithServiceDiscovery> source)
        where TDestination : IResourceWithEnvironment
    {
        ProjectResource project = source.Project();
        foreach (EndpointAnnotation endpoint in project.Endpoints)
        {
            EndpointReference reference = new(project, endpoint.Name);
            builder.Add($"services__{project.Name}__{endpoint.Name}__0", reference);
            builder.Add(string.Create(CultureInfo.InvariantCulture, $"{project.Name}_{endpoint.Name}").Replace('-', '_').ToUpperInvariant(), reference);
        }

        return builder;
    }

    /// <summary>Starts the resource only when the dependency is ready; a connection string or parameter is at once.</summary>
    public static IResourceBuilder<T> WaitFor<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency)
        where T : IResourceWithWaitSupport
    {
        ArgumentNullException.ThrowIfNull(dependency);
        builder.Project().WaitsFor.Add(dependency.Resource);
        return builder;
    }

    private static IResourceBuilder<T> Add<T>(this IResourceBuilder<T> builder, string name, IValueProvider value)
        where T : IResource
    {
        builder.Project().Environment.Add(new EnvironmentValue(name, value));
        return builder;
    }
}
