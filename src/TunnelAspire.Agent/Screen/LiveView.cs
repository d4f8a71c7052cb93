using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using TunnelAspire.Agent.Status;

namespace TunnelAspire.Agent.Screen;

/// <summary>Shows on a terminal what the agent does, twice a second, for as long as it runs.</summary>
internal sealed class LiveView(AgentRun run, AgentStatus status, IHostApplicationLifetime lifetime, TimeProvider time) : IHostedService, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);
    private static readonly ScreenLine Footer = new(("Ctrl+C stops", Look.Faint));

    // Guards the screen: signals come at any time.
    private readonly Lock _lock = new();
    private readonly TerminalScreen _screen = new(Console.Out);
    private readonly List<PosixSignalRegistration> _signals = [];
    private ITimer? _timer;
    private bool _closed;

    /// <summary>Begins to show it.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!run.Live)
        {
            return Task.CompletedTask;
        }

        AppDomain.CurrentDomain.ProcessExit += (_, _) => Close(); // whatever ends the process, short of SIGKILL
        if (!OperatingSystem.IsWindows())
        {
            _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Show()));
            _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGTSTP, _ => Pause()));
            _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => Show()));
        }

        _timer = time.CreateTimer(_ => Show(), null, TimeSpan.Zero, Period);
        lifetime.ApplicationStopping.Register(Close);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        Close();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Close();
        _signals.ForEach(signal => signal.Dispose());
    }

    private void Show()
    {
        lock (_lock)
        {
            if (!_closed)
            {
                try
                {
                    Show_NeedsLock();
                }
                catch (IOException)
                {
                    _closed = true; // the terminal is gone
                }
            }
        }
    }

    private void Show_NeedsLock()
    {
        (int width, int height) = TerminalScreen.Size;
        List<ScreenLine> lines = [.. new StatusScreen(width - 1, height, TimeZoneInfo.Local).Lines(status.Report())];
        while (lines.Count < height - 1)
        {
            lines.Add(ScreenLine.Empty);
        }

        _screen.Show([.. lines, Footer], (width, height));
    }

    /// <summary>Ctrl+Z: the shell gets its screen back.</summary>
    private void Pause()
    {
        lock (_lock)
        {
            _screen.Close();
        }
    }

    private void Close()
    {
        lock (_lock)
        {
            _timer?.Dispose();
            if (!_closed)
            {
                _closed = true;
                _screen.Close();
            }
        }
    }
}
