using System.Diagnostics;
using System.Runtime.InteropServices;

namespace TunnelAspire.IntegrationTests.Harness;

/// <summary>A program that a test has started: its output, its signals, and its certain end.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    public const int SigInt = 2;
    public const int SigKill = 9;
    public const int SigTerm = 15;
    public const int SigCont = 18;
    public const int SigStop = 19;

    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly SemaphoreSlim _changed = new(0);

    private ChildProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Everything that it has printed so far.</summary>
    public string Output
    {
        get { lock (_lines) { return string.Join('\n', _lines); } }
    }

    public static ChildProcess Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        // A shell in the background may have it that SIGINT is ignored, nohup that SIGHUP is; what is started here is to end by them.
        ProcessStartInfo start = new("env", ["--default-signal=INT,HUP", "--", Installed.Find(program)]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new ChildProcess(new Process { StartInfo = start });
    }

    /// <summary>Runs a program to its end; returns what it printed. Fails unless it exits with 0.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        await using ChildProcess child = Start(program, arguments);
        int code = await child.ExitAsync(TimeSpan.FromMinutes(2));
        return code == 0 ? child.Output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} exited with {code}:\n{child.Output}");
    }

    /// <summary>The first line that contains <paramref name="text"/>, once it has been printed.</summary>
    public async Task<string> LineAsync(string text, TimeSpan? patience = null)
    {
        using CancellationTokenSource limit = new(patience ?? TimeSpan.FromSeconds(30));
        while (true)
        {
            lock (_lines)
            {
                if (_lines.Find(line => line.Contains(text, StringComparison.Ordinal)) is { } found)
                {
                    return found;
                }
            }

            try
            {
                await _changed.WaitAsync(TimeSpan.FromMilliseconds(100), limit.Token);
            }
            catch (OperationCanceledException)
            {
                // The limit: nothing else cancels.
                throw new TimeoutException($"'{text}' was not printed; instead:\n{Output}");
            }
        }
    }

    /// <summary>Its exit code, once it has ended.</summary>
    public async Task<int> ExitAsync(TimeSpan patience)
    {
        using CancellationTokenSource limit = new(patience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            // The limit: nothing else cancels.
            throw new TimeoutException($"process {Id} runs on after {patience.TotalSeconds} s; its output:\n{Output}");
        }
    }

    public void Signal(int signal) => _ = Kill(Id, signal);

    /// <summary>SIGKILL, and its end awaited.</summary>
    public async Task KillAsync()
    {
        Signal(SigKill);
        await ExitAsync(TimeSpan.FromSeconds(10));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);

    private void Add(string? line)
    {
        if (line is not null)
        {
            lock (_lines)
            {
                _lines.Add(line);
            }

            _changed.Release();
        }
    }
}
