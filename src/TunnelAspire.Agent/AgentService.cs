using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TunnelAspire.Agent.Forwards;
using TunnelAspire.Agent.Paths;
using TunnelAspire.Agent.Sessions;
using TunnelAspire.Agent.Settings;
using TunnelAspire.Agent.Status;
using TunnelAspire.Agent.WaysIn;

namespace TunnelAspire.Agent;

/// <summary>Listens on every forward; each accepted connection becomes a session.</summary>
internal sealed partial class AgentService : IHostedService, IDisposable
{
    private readonly AgentMetrics _metrics;
    private readonly Carriage _carriage;
    private readonly AgentRun _run;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger<AgentService> _logger;
    private readonly CancellationTokenSource _stop = new();
    private volatile ServerPath _path;

    /// <summary>An agent by these options.</summary>
    /// <exception cref="FormatException">They name a file that cannot be used, or what does not go together.</exception>
    public AgentService(
        AgentMetrics metrics, LiveSessions live, AgentRun run, IOptions<AgentOptions> options, TimeProvider time, ILoggerFactory loggers)
    {
        (_metrics, _run, _time, _loggers) = (metrics, run, time, loggers);
        _logger = loggers.CreateLogger<AgentService>();
        _path = NewPath(options.Value);
        _carriage = new Carriage(TakePath, metrics, live, time, _logger);
        Forwards = new ForwardSet(Receive);
    }

    /// <summary>The way to the relays that new sessions take.</summary>
    public ServerPath Path => _path;

    /// <summary>The ways in.</summary>
    public ForwardSet Forwards { get; }

    /// <summary>Begins to listen on all forwards, and prints a line for each once it takes connections.</summary>
    /// <exception cref="IOException">One of them cannot be listened on.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        ServerPath path = _path;
        foreach (Reception opened in Forwards.Apply(ForwardPlan.Of(path.Options, _time)).Opened)
        {
            Announce(opened, path);
        }

        return path.StartAsync();
    }

    /// <summary>Takes no more connections, resets those that are open and tells their connectors.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        Forwards.Close();
        await Forwards.EmptyAsync().WaitAsync(cancellationToken);
        await _path.ReleaseAsync();
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    /// <summary>
    /// Goes over to other options, or changes nothing: forwards open and close at once, new sessions take the new way to the relays.
    /// Those that are open stay as they are. One call at a time.
    /// </summary>
    /// <exception cref="FormatException">The options cannot be used.</exception>
    /// <exception cref="IOException">A forward cannot be listened on.</exception>
    public async Task<ReloadReport> ApplyAsync(AgentOptions options)
    {
        ServerPath old = _path;
        ServerPath? changed = old.IsBy(options) ? null : NewPath(options);
        ForwardChanges forwards;
        try
        {
            forwards = Forwards.Apply(ForwardPlan.Of(options, _time));
        }
        catch
        {
            await (changed?.ReleaseAsync() ?? Task.CompletedTask);
            throw;
        }

        if (changed is not null)
        {
            _path = changed;
            await changed.StartAsync();
            await old.ReleaseAsync();
        }

        foreach (Reception reception in forwards.Opened.Concat(forwards.Changed))
        {
            Announce(reception, _path);
        }

        foreach (Reception reception in forwards.Closed)
        {
            LogClosed(reception.Listener.Plan.Describe(reception.Listen), reception.Clients);
        }

        return new ReloadReport([.. forwards.Opened.Select(Words)], [.. forwards.Changed.Select(Words)], [.. forwards.Closed.Select(Words)], changed is not null);
    }

    /// <summary>Carries a client's connection to the target that it has asked for.</summary>
    /// <returns>What ended it: null after an orderly end of both directions.</returns>
    public Task<Exception?> ServeAsync(Client client, CancellationToken stop) => _carriage.ServeAsync(client, stop);

    private ServerPath NewPath(AgentOptions options) => new(options, _metrics, _time, _loggers);

    /// <summary>The current way, taken for a session. It may be replaced just then, but not for ever.</summary>
    private ServerPath TakePath()
    {
        while (true)
        {
            ServerPath path = _path;
            if (path.TryTake())
            {
                return path;
            }
        }
    }

    private Reception Receive(ForwardListener listener)
    {
        Reception reception = new(listener, ServeAsync, _metrics, _time, _logger);
        _ = reception.RunAsync(_stop.Token);
        return reception;
    }

    private void Announce(Reception reception, ServerPath path)
    {
        string server = path.Options.ParseServer().ToString();
        _run.Lines.WriteLine($"{Words(reception)} through {server}");
        LogListening(Words(reception), server);
    }

    private static string Words(Reception reception) => reception.Listener.Plan.Describe(reception.Listen);
}
