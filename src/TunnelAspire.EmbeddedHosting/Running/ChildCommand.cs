using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace TunnelAspire.EmbeddedHosting.Running;

/// <summary>How one replica of a project is started.</summary>
internal sealed record ChildCommand(string Executable, string Folder, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string?> Environment)
{
    /// <summary>With all values resolved. <paramref name="targetPorts"/>: the replica's own port of each endpoint.</summary>
    /// <exception cref="DistributedApplicationException">The project is not built, or a value is missing.</exception>
    public static async Task<ChildCommand> ForAsync(ProjectResource project, string instance, IReadOnlyDictionary<string, int> targetPorts)
    {
        IBuiltProjectMetadata metadata = project.Metadata as IBuiltProjectMetadata
            ?? throw new DistributedApplicationException($"The build has not said where '{project.Name}' is built: build the AppHost again.");
        string executable = Path.ChangeExtension(metadata.TargetPath, OperatingSystem.IsWindows() ? ".exe" : null);
        if (!File.Exists(executable))
        {
            throw new DistributedApplicationException($"'{project.Name}' cannot start: {executable} is missing. Build the AppHost again.");
        }

        string folder = Path.GetDirectoryName(metadata.ProjectPath)!;
        return new ChildCommand(
            executable,
            Directory.Exists(folder) ? folder : Path.GetDirectoryName(executable)!,
            await Task.WhenAll(project.Arguments.Select(async argument => await argument.GetValueAsync() ?? "")),
            await EnvironmentAsync(project, instance, targetPorts));
    }

    private static async Task<Dictionary<string, string?>> EnvironmentAsync(
        ProjectResource project, string instance, IReadOnlyDictionary<string, int> targetPorts)
    {
        string[] urls = [.. project.Endpoints
            .Where(endpoint => endpoint.IsHttp && endpoint.TargetPortEnvironmentVariable is null)
            .Select(endpoint => $"{endpoint.UriScheme}://localhost:{targetPorts[endpoint.Name]}")];
        Dictionary<string, string?> environment = new()
        {
            ["ASPNETCORE_URLS"] = urls.Length > 0 ? string.Join(';', urls) : null,
            ["DOTNET_LAUNCH_PROFILE"] = null,
            ["OTEL_SERVICE_NAME"] = project.Name,
            ["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={instance}",
        };
        if (System.Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT") is { Length: > 0 })
        {
            // A person is watching: a second is enough to wait.
            environment["OTEL_BLRP_SCHEDULE_DELAY"] = environment["OTEL_BSP_SCHEDULE_DELAY"] = environment["OTEL_METRIC_EXPORT_INTERVAL"] = "1000";
            environment["OTEL_TRACES_SAMPLER"] = "always_on";
        }

        foreach (EndpointAnnotation endpoint in project.Endpoints)
        {
            if (endpoint.TargetPortEnvironmentVariable is { } name)
            {
                environment[name] = targetPorts[endpoint.Name].ToString(CultureInfo.InvariantCulture);
            }
        }

        foreach (EnvironmentValue variable in project.Environment)
        {
            environment[variable.Name] = await variable.Value.GetValueAsync();
        }

        return environment;
    }
}
