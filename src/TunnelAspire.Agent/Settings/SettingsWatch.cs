using System.Runtime.InteropServices;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;

namespace TunnelAspire.Agent.Settings;

/// <summary>
/// Reads the settings again when the configuration file's content has changed, and by SIGHUP. It looks every second, by content:
/// that finds whatever replaces the file. A change counts once it has stood for a second: it may be half written.
/// </summary>
internal sealed class SettingsWatch : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly AgentRun _run;
    private readonly SettingsReload _reload;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly TimeProvider _time;
    private readonly PosixSignalRegistration? _signal;

    private readonly Channel<string> _asked = Channel.CreateBounded<string>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Minds the signal from now on: it may come as soon as the first line is printed.</summary>
    public SettingsWatch(AgentRun run, SettingsReload reload, IHostApplicationLifetime lifetime, TimeProvider time)
    {
        (_run, _reload, _lifetime, _time) = (run, reload, lifetime, time);
        _signal = OperatingSystem.IsWindows() || run.Standard ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnHangup);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _signal?.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(WatchAsync(stoppingToken), ReloadAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The agent stops.
        }
    }

    private async Task WatchAsync(CancellationToken stop)
    {
        if (_run.Settings is not { IsPipe: false } file)
        {
            return;
        }

        using PeriodicTimer timer = new(Period, _time);
        byte[]? changing = null;
        while (await timer.WaitForNextTickAsync(stop))
        {
            byte[]? found = Read(file.Path);
            if (found is null || _reload.Knows(found)) // while it is being replaced there may be none
            {
                changing = null;
            }
            else if (changing is not null && found.AsSpan().SequenceEqual(changing))
            {
                changing = null;
                _asked.Writer.TryWrite("it has changed");
            }
            else
            {
                changing = found;
            }
        }
    }

    private async Task ReloadAsync(CancellationToken stop)
    {
        await foreach (string why in _asked.Reader.ReadAllAsync(stop))
        {
            try
            {
                await _reload.ReloadAsync(why, stop);
            }
            catch (FormatException)
            {
                // The log says it.
            }
        }
    }

    /// <summary>A terminal that is closed takes its programs with it; to a service the signal says that its configuration has changed.</summary>
    private void OnHangup(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_run.OnTerminal || _run.Settings is null)
        {
            _lifetime.StopApplication();
        }
        else
        {
            _asked.Writer.TryWrite("SIGHUP");
        }
    }

    private static byte[]? Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
