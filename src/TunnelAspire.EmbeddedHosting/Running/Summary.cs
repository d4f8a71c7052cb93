using System.Globalization;
using Aspire.Hosting.ApplicationModel;

namespace TunnelAspire.EmbeddedHosting.Running;

/// <summary>What a person is told once everything is ready: what to open, what to try, where each thing listens, how to stop.</summary>
internal static class Summary
{
    private const int LabelWidth = 9;

    /// <summary>The lines, without colours.</summary>
    public static IEnumerable<string> Lines(
        IReadOnlyList<ProjectResource> projects, IReadOnlyDictionary<IResource, Replica[]> replicas, TimeSpan startTook)
    {
        List<ResourceUrlAnnotation> shown = [.. projects.SelectMany(project => project.Urls)];

        yield return "";
        yield return string.Create(CultureInfo.InvariantCulture, $"Everything is ready, after {startTook.TotalSeconds:0.0} s.");
        yield return "";
        foreach (string line in Labelled("Open", shown.Select(url => $"{url.Url,-26} {url.DisplayText}")).Concat(
            Labelled("Try", [.. shown.Take(1).Select(url => $"curl {url.Url}"), .. Kill(projects, replicas)])).Concat(
            Labelled("Running", projects.SelectMany(project => replicas[project].Select(replica => Place(project, replica))))).Concat(
            Labelled("Stop", ["Ctrl+C"])))
        {
            yield return line;
        }

        yield return "";
    }

    private static IEnumerable<string> Labelled(string label, IEnumerable<string> lines) =>
        lines.Select((line, i) => $"  {(i == 0 ? label : "").PadRight(LabelWidth)} {line}");

    /// <summary>What has replicas may be killed; that is what they are for.</summary>
    private static IEnumerable<string> Kill(IReadOnlyList<ProjectResource> projects, IReadOnlyDictionary<IResource, Replica[]> replicas) =>
        OperatingSystem.IsWindows()
            ? []
            : projects.Where(project => project.Replicas > 1).Take(1).Select(project => $"kill -9 {replicas[project][0].ProcessId}   ends {replicas[project][0].Name}; it comes back, and nobody notices");

    private static string Place(ProjectResource project, Replica replica)
    {
        string ports = string.Join(", ", project.Endpoints.Select(endpoint => endpoint.IsHttp
            ? $"{endpoint.UriScheme}://localhost:{replica.TargetPort(endpoint.Name)}"
            : $"{endpoint.UriScheme} localhost:{replica.TargetPort(endpoint.Name)}"));
        string behind = project.Replicas > 1
            ? $"  behind {string.Join(", ", project.Endpoints.Select(endpoint => $"{endpoint.UriScheme}://localhost:{endpoint.AllocatedPort}"))}"
            : "";
        return $"{replica.Name,-12} pid {replica.ProcessId,-8} {ports}{behind}";
    }
}
