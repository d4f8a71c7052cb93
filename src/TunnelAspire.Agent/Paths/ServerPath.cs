using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TunnelAspire.Agent.Http;
using TunnelAspire.Agent.Sessions;
using TunnelAspire.Agent.Settings;

namespace TunnelAspire.Agent.Paths;

/// <summary>
/// The way to the relays as one state of the settings has it: the client, what is known of the path, and what opens sessions on it.
/// When the settings change, another takes its place; this one stays for the sessions that have begun on it.
/// </summary>
public sealed class ServerPath : IAsyncDisposable
{
    private readonly PathWatch _watch;
    private readonly string _way;

    // One for being in use, and one for each session. Nobody takes it any more once it is 0.
    private int _users = 1;

    /// <summary>A way by these options.</summary>
    /// <exception cref="FormatException">The options name a file that cannot be used, or what does not go together.</exception>
    public ServerPath(AgentOptions options, AgentMetrics metrics, TimeProvider time, ILoggerFactory loggers)
    {
        Options = options;
        _way = OptionsText.Way(options);
        Server = new TunnelServer(options);
        IOptions<AgentOptions> fixedOptions = Microsoft.Extensions.Options.Options.Create(options);
        Modes = new PathModes(fixedOptions, time);
        Opener = new SessionOpener(Server, metrics, fixedOptions, time, loggers.CreateLogger<SessionOpener>());
        _watch = new PathWatch(new PathProbe(Server, fixedOptions, time), Modes, metrics, time, loggers.CreateLogger<PathWatch>());
    }

    /// <summary>The settings that it goes by.</summary>
    public AgentOptions Options { get; }

    /// <summary>The client.</summary>
    public TunnelServer Server { get; }

    /// <summary>What is known of the path.</summary>
    public PathModes Modes { get; }

    /// <summary>Opens sessions.</summary>
    public SessionOpener Opener { get; }

    /// <summary>Media type of the sessions' bodies.</summary>
    public MediaTypeHeaderValue MediaType => new(Options.MediaType);

    /// <summary>Whether these options lead there in the same way, whatever else they say.</summary>
    public bool IsBy(AgentOptions options) => OptionsText.Way(options) == _way;

    /// <summary>Begins to measure the path.</summary>
    public Task StartAsync() => _watch.StartAsync(CancellationToken.None);

    /// <summary>Takes it for a session; false: another is in its place already.</summary>
    public bool TryTake()
    {
        for (int users = Volatile.Read(ref _users); users > 0;)
        {
            int found = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (found == users)
            {
                return true;
            }

            users = found;
        }

        return false;
    }

    /// <summary>Gives it back, after a session, or for good. With the last one it ends.</summary>
    public async Task ReleaseAsync()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            await DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _watch.StopAsync(CancellationToken.None);
        _watch.Dispose();
        Server.Dispose();
    }
}
