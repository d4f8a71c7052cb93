using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace TunnelAspire.EmbeddedHosting.Running;

/// <summary>One run of the whole application.</summary>
internal sealed class ApplicationRun(IReadOnlyList<IResource> resources)
{
    private static readonly TimeSpan Reminder = TimeSpan.FromSeconds(10);

    private readonly IReadOnlyList<ProjectResource> _projects = [.. resources.OfType<ProjectResource>()];
    private readonly Dictionary<IResource, Replica[]> _replicas = [];
    private readonly RunLog _log = RunLog.ToConsole(resources.OfType<ProjectResource>().SelectMany(Names));
    private readonly long _startedAt = TimeProvider.System.GetTimestamp();

    /// <summary>Starts everything, waits for the stop, and returns when nothing is left of it.</summary>
    /// <exception cref="DistributedApplicationException">Something cannot start; the rest has been stopped.</exception>
    public async Task UntilStoppedAsync(CancellationToken stop)
    {
        PlaceReplicas();
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using CancellationTokenRegistration _ = end.Token.Register(() => _log.Note("stopping"));
        List<Exception> failures = [];

        IEnumerable<Task> parts =
        [
            .. from project in _projects
               where project.Replicas > 1
               from endpoint in project.Endpoints
               select new ReplicaProxy(endpoint.Name, endpoint.AllocatedPort!.Value, _replicas[project]).RunAsync(end.Token),
            .. from project in _projects
               from replica in _replicas[project]
               select RunAsync(project, replica, end.Token),
            AnnounceAsync(end.Token),
        ];
        await Task.WhenAll(parts.Select(part => EndAllOnFailureAsync(part, failures, end)));
        if (failures.Count > 0)
        {
            throw failures[0] as DistributedApplicationException ?? new DistributedApplicationException(failures[0].Message, failures[0]);
        }

        _log.Note("everything has stopped");
    }

    private static IEnumerable<string> Names(ProjectResource project) =>
        project.Replicas == 1 ? [project.Name] : Enumerable.Range(0, project.Replicas).Select(number => $"{project.Name}-{number}");

    private static async Task EndAllOnFailureAsync(Task part, List<Exception> failures, CancellationTokenSource end)
    {
        try
        {
            await part;
        }
        catch (Exception e)
        {
            lock (failures)
            {
                failures.Add(e);
            }

            await end.CancelAsync();
        }
    }

    private void PlaceReplicas()
    {
        using Ports ports = new(resources);
        ports.Allocate();
        RunContext context = new(_log, new ChildStarter());
        foreach (ProjectResource project in _projects)
        {
            _replicas[project] = [.. Names(project).Select(name => new Replica(project, name, ports.ForReplica(project), context))];
        }
    }

    private async Task RunAsync(ProjectResource project, Replica replica, CancellationToken stop)
    {
        try
        {
            await Task.WhenAll(project.WaitsFor.Select(FirstReady)).WaitAsync(stop);
            await replica.RunAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped before it was its turn.
        }
    }

    private Task FirstReady(IResource resource) =>
        _replicas.TryGetValue(resource, out Replica[]? replicas) ? Task.WhenAll(replicas.Select(replica => replica.FirstReady)) : Task.CompletedTask;

    /// <summary>Says what is waited for while that takes long, and what there is to try once all is ready.</summary>
    private async Task AnnounceAsync(CancellationToken stop)
    {
        Task all = Task.WhenAll(_projects.Select(FirstReady));
        while (await Task.WhenAny(all, Task.Delay(Reminder, stop)) != all)
        {
            if (stop.IsCancellationRequested)
            {
                return;
            }

            foreach (Replica late in _replicas.Values.SelectMany(replicas => replicas).Where(replica => !replica.FirstReady.IsCompleted))
            {
                _log.Warn($"{late.Name} is not ready yet: {late.LastAnswer}");
            }
        }

        _log.Block(Summary.Lines(_projects, _replicas, TimeProvider.System.GetElapsedTime(_startedAt)));
    }
}
