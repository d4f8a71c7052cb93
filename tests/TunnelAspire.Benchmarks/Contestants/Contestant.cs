using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.Benchmarks.Contestants;

/// <summary>Something that carries TCP connections from a local port to the target: its processes, started and ended together.</summary>
/// <param name="key">Its word on the command line.</param>
/// <param name="name">Its name in tables.</param>
internal abstract class Contestant(string key, string name) : IAsyncDisposable
{
    private readonly List<ChildProcess> _children = [];
    private Scratch? _scratch;

    public string Key => key;

    public string Name => name;

    /// <summary>The local port to connect to.</summary>
    public int Port { get; protected set; }

    /// <summary>The processes that it consists of; their children count as well.</summary>
    public IReadOnlyList<(string Name, int Id)> Processes => [.. Parts];

    /// <summary>What a reader of the figures must know; empty where nothing.</summary>
    public virtual string Remark => "";

    /// <summary>Most sessions at once that it can be asked for; those that start a process for each have a lower one.</summary>
    public virtual int MostSessions => int.MaxValue;

    /// <summary>Sockets that a session which carries nothing takes in one of its processes, at the most.</summary>
    public virtual int SocketsOfASession => 2;

    /// <summary>One of this project's own, not something to compare with.</summary>
    public virtual bool IsOwn => false;

    protected List<(string Name, int Id)> Parts { get; } = [];

    protected Scratch Scratch => _scratch ??= new Scratch();

    /// <summary>Starts it; when this returns, <see cref="Port"/> takes connections.</summary>
    public abstract Task StartAsync(int target, CancellationToken cancellationToken);

    /// <summary>Ends all its processes. It may be started again.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        foreach (ChildProcess child in Enumerable.Reverse(_children))
        {
            await child.DisposeAsync();
        }

        _children.Clear();
        Parts.Clear();
        _scratch?.Dispose();
        _scratch = null;
    }

    /// <summary>Starts one of its processes.</summary>
    protected ChildProcess Start(string part, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        ChildProcess child = ChildProcess.Start(program, arguments, environment);
        _children.Add(child);
        Parts.Add((part, child.Id));
        return child;
    }

    /// <summary>Starts one, and waits until it listens on <paramref name="port"/>.</summary>
    /// <exception cref="InvalidOperationException">It has ended instead.</exception>
    protected async Task StartListeningAsync(string part, int port, string program, params IEnumerable<string> arguments)
    {
        ChildProcess child = Start(part, program, arguments);
        await Waiting.UntilAsync(
            () => child.HasExited ? throw new InvalidOperationException($"{program} has ended: {child.Output}") : Listening.On(port),
            $"{program} listens");
    }
}
