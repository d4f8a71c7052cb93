using System.Diagnostics;
using System.Runtime.InteropServices;

namespace TunnelAspire.EmbeddedHosting.Running;

/// <summary>One run of one process: its output, its end, and how it is told to stop.</summary>
internal sealed partial class Child : IDisposable
{
    private const int SigTerm = 15;
    private const int KeptLines = 12;
    private static readonly TimeSpan LastOutput = TimeSpan.FromMilliseconds(500);

    private readonly Process _process;
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<string> _lastLines = new();
    private Task _output = Task.CompletedTask;

    private Child(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.Exited += (_, _) => _exited.TrySetResult(_process.ExitCode);
    }

    public int Id { get; private set; }

    /// <summary>The exit code, once there is one.</summary>
    public Task<int> Exited => _exited.Task;

    /// <summary>What it said last.</summary>
    public IReadOnlyList<string> LastLines
    {
        get
        {
            lock (_lastLines)
            {
                return [.. _lastLines];
            }
        }
    }

    /// <summary>Starts the process; each line that it writes goes to <paramref name="onLine"/>.</summary>
    public static async Task<Child> StartAsync(ChildStarter starter, ChildCommand command, Action<string> onLine)
    {
        ProcessStartInfo start = new()
        {
            WorkingDirectory = command.Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string? value) in command.Environment)
        {
            start.Environment[name] = value; // null removes what the AppHost has
        }

        Child child = new(start);
        await starter.StartAsync(child._process, command.Executable, command.Arguments);
        child.Id = child._process.Id;
        child._process.StandardInput.Close();
        child._output = Task.WhenAll(child.ReadAsync(child._process.StandardOutput, onLine), child.ReadAsync(child._process.StandardError, onLine));
        return child;
    }

    /// <summary>Asks it to end, and ends it where it has not after the grace time.</summary>
    /// <returns>Whether it ended by itself.</returns>
    public async Task<bool> StopAsync(TimeSpan grace)
    {
        bool asked = !OperatingSystem.IsWindows() && kill(Id, SigTerm) == 0;
        try
        {
            await Exited.WaitAsync(asked ? grace : TimeSpan.Zero);
            return true;
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
            await Exited;
            return false;
        }
    }

    /// <summary>Waits for the last lines; a stray grandchild that holds the pipe is not waited for.</summary>
    public Task OutputAsync() => Task.WhenAny(_output, Task.Delay(LastOutput));

    public void Dispose() => _process.Dispose();

    private async Task ReadAsync(StreamReader reader, Action<string> onLine)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_lastLines)
            {
                _lastLines.Enqueue(line);
                if (_lastLines.Count > KeptLines)
                {
                    _lastLines.Dequeue();
                }
            }

            onLine(line);
        }
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int pid, int signal);
}
