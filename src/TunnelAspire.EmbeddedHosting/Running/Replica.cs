using System.ComponentModel;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace TunnelAspire.EmbeddedHosting.Running;

/// <summary>Keeps one process of a project running: starts it, sees when it is ready, starts it again when it ends, stops it.</summary>
internal sealed class Replica(ProjectResource project, string name, IReadOnlyDictionary<string, int> targetPorts, RunContext context)
{
    /// <summary>A child that has not ended by then is killed; all is to be over in five seconds.</summary>
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(4);

    private const int FirstStartTries = 3;

    private readonly Readiness _readiness = new(project, targetPorts);
    private readonly Backoff _backoff = new(TimeProvider.System);
    private readonly TaskCompletionSource _firstReady = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isReady;

    /// <summary>Unique within the application.</summary>
    public string Name => name;

    /// <summary>Done when it is ready for the first time.</summary>
    public Task FirstReady => _firstReady.Task;

    /// <summary>Whether the process that runs now has been ready.</summary>
    public bool IsReady => _isReady;

    /// <summary>Why it is not ready.</summary>
    public string LastAnswer => _readiness.LastAnswer;

    /// <summary>The process that runs now, or ran last.</summary>
    public int ProcessId { get; private set; }

    /// <summary>The port on which this replica serves that endpoint.</summary>
    public int TargetPort(string endpointName) => targetPorts[endpointName];

    /// <summary>Runs until told to stop; nothing of it is left when this returns.</summary>
    /// <exception cref="DistributedApplicationException">It has never become ready, and has ended too often.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await RunOnceAsync(stop);
                TimeSpan pause = _backoff.Ended();
                context.Log.Warn(_backoff.IsLoop
                    ? $"{name} is in a crash loop: it has ended {_backoff.ShortRuns} times, see its lines above; next try in {pause.TotalSeconds:0.##} s"
                    : $"{name} is started again in {pause.TotalSeconds:0.##} s");
                await Task.Delay(pause, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to stop; the process has ended.
        }
    }

    private async Task RunOnceAsync(CancellationToken stop)
    {
        using Child child = await StartAsync();
        ProcessId = child.Id;
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task watching = WatchReadinessAsync(child, ended.Token);
        try
        {
            int code = await child.Exited.WaitAsync(stop);
            await child.OutputAsync();
            Explain(child, code);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            if (!await child.StopAsync(StopGrace))
            {
                context.Log.Warn($"{name} did not stop within {StopGrace.TotalSeconds:0} s and was killed");
            }

            await child.OutputAsync();
            throw;
        }
        finally
        {
            _isReady = false;
            await ended.CancelAsync();
            await watching;
        }
    }

    private async Task<Child> StartAsync()
    {
        ChildCommand command = await ChildCommand.ForAsync(project, name, targetPorts);
        try
        {
            _backoff.Started();
            return await Child.StartAsync(context.Starter, command, line => context.Log.Write(name, line));
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            throw new DistributedApplicationException($"'{name}' cannot start: {e.Message}", e);
        }
    }

    private async Task WatchReadinessAsync(Child child, CancellationToken ended)
    {
        try
        {
            await _readiness.WaitAsync(ended);
            _isReady = true;
            context.Log.Note($"{name} is ready (pid {child.Id})");
            _firstReady.TrySetResult();
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The process has ended, or is to stop.
        }
    }

    /// <summary>Says how it ended. Before it was ever ready, a few tries are enough.</summary>
    private void Explain(Child child, int code)
    {
        // The runtime reports a signal as 128 + its number.
        string how = code > 128 ? $"was ended by signal {code - 128}" : $"ended by itself with exit code {code}";
        context.Log.Warn($"{name} (pid {child.Id}) {how}");
        if (!FirstReady.IsCompleted && _backoff.ShortRuns + 1 >= FirstStartTries)
        {
            string said = child.LastLines.Count > 0 ? $" It said:\n    {string.Join("\n    ", child.LastLines)}" : " It said nothing.";
            throw new DistributedApplicationException($"'{name}' cannot start: it {how}, {FirstStartTries} times.{said}");
        }
    }
}

/// <summary>What all replicas of a run share.</summary>
internal sealed record RunContext(RunLog Log, ChildStarter Starter);
