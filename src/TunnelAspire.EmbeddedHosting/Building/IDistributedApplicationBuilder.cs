using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

/// <summary>Collects the resources of an application.</summary>
public interface IDistributedApplicationBuilder
{
    /// <summary>appsettings.json, environment and command line of the AppHost.</summary>
    ConfigurationManager Configuration { get; }

    /// <summary>Whether the application is to run or to be published.</summary>
    DistributedApplicationExecutionContext ExecutionContext { get; }

    /// <summary>Adds a resource.</summary>
    /// <exception cref="DistributedApplicationException">The name is taken, or is none.</exception>
    IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource;

    /// <summary>The application as it is now.</summary>
    DistributedApplication Build();
}

/// <summary>Whether the application is to run or to be published. The embedded engine only runs.</summary>
public sealed class DistributedApplicationExecutionContext
{
    /// <summary>True where the application is to be published: never here.</summary>
    public bool IsPublishMode { get; }

    /// <summary>True where the application is to run.</summary>
    public bool IsRunMode => !IsPublishMode;
}

/// <summary>The application's map is wrong, or it cannot start.</summary>
public sealed class DistributedApplicationException : Exception
{
    /// <summary>Without a message.</summary>
    public DistributedApplicationException()
    {
    }

    /// <summary>With a message for the person who starts the AppHost.</summary>
    public DistributedApplicationException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and its cause.</summary>
    public DistributedApplicationException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
