using System.Collections.Concurrent;
using System.Diagnostics;

namespace TunnelAspire.EmbeddedHosting.Running;

/// <summary>
/// Starts children so that they do not outlive the AppHost. On Linux, <c>setpriv --pdeathsig TERM</c> makes the kernel end
/// a child when the <em>thread</em> that started it ends; hence one thread, which lives as long as the process, starts all.
/// <c>setsid</c> keeps the terminal's Ctrl+C from them: the AppHost alone decides when they stop. Where these programs of
/// util-linux are missing, children are started plainly, and one that is orphaned by SIGKILL stays.
/// </summary>
internal sealed class ChildStarter
{
    private static readonly string[] Guards = OperatingSystem.IsLinux() && InPath("setsid") && InPath("setpriv")
        ? ["setsid", "setpriv", "--pdeathsig", "TERM", "--"]
        : [];

    private readonly BlockingCollection<Action> _starts = [];

    public ChildStarter() => new Thread(StartAll) { IsBackground = true, Name = "child starter" }.Start();

    /// <summary>Starts the process.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">It cannot be started.</exception>
    public Task StartAsync(Process process, string executable, IEnumerable<string> arguments)
    {
        string[] command = [.. Guards, executable, .. arguments];
        process.StartInfo.FileName = command[0];
        Array.ForEach(command[1..], process.StartInfo.ArgumentList.Add);

        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _starts.Add(() =>
        {
            try
            {
                process.Start();
                started.SetResult();
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        });
        return started.Task;
    }

    private void StartAll()
    {
        foreach (Action start in _starts.GetConsumingEnumerable())
        {
            start();
        }
    }

    private static bool InPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));
}
