using System.Globalization;
using TunnelAspire.Benchmarks.Processes;

namespace TunnelAspire.Benchmarks.Load;

/// <summary>The processes of the load and of the target, seen from the run: one command at a time.</summary>
internal sealed class LoadClient : IAsyncDisposable
{
    private readonly LineProcess _target = LineProcess.StartSelf("target");
    private readonly LineProcess _load = LineProcess.StartSelf("load");

    private LoadClient()
    {
    }

    /// <summary>The port that every contestant must lead to.</summary>
    public int Target { get; private set; }

    public static async Task<LoadClient> StartAsync(CancellationToken cancellationToken)
    {
        LoadClient client = new();
        client.Target = (int)Parse(await client._target.ReadLineAsync(cancellationToken))[0];
        return client;
    }

    /// <summary>Carries so many bytes over one connection; returns seconds.</summary>
    public async Task<double> TransferAsync(int port, long up, long down, CancellationToken cancellationToken) =>
        (await AskAsync($"transfer {port} {up} {down}", cancellationToken))[0];

    /// <summary>Round trips of <paramref name="size"/> bytes on so many connections.</summary>
    public async Task<PingPong.Result> PingPongAsync(int port, int connections, int size, TimeSpan duration, CancellationToken cancellationToken)
    {
        double[] numbers = await AskAsync($"pingpong {port} {connections} {size} {duration.TotalMilliseconds:0}", cancellationToken);
        return new PingPong.Result(numbers[0], numbers[1], numbers[2]);
    }

    /// <summary>Short connections, so many at once; returns how many in a second.</summary>
    public async Task<double> ConnectsAsync(int port, int atOnce, TimeSpan duration, CancellationToken cancellationToken) =>
        (await AskAsync($"connects {port} {atOnce} {duration.TotalMilliseconds:0}", cancellationToken))[0];

    /// <summary>Fails where a half-close does not pass.</summary>
    public Task HalfCloseAsync(int port, CancellationToken cancellationToken) => AskAsync($"halfclose {port}", cancellationToken);

    /// <summary>Opens sessions, besides those that stand already, which stay until they are closed; one byte goes to and fro on each.</summary>
    public Task OpenAsync(int port, int count, CancellationToken cancellationToken) => AskAsync($"open {port} {count}", cancellationToken);

    /// <summary>How many of the opened sessions answer.</summary>
    public async Task<int> CountAnsweringAsync(int port, CancellationToken cancellationToken) => (int)(await AskAsync($"ask {port}", cancellationToken))[0];

    /// <summary>Opens sessions on which the target sends without end, and reads a single byte of each.</summary>
    public Task StallAsync(int port, int count, CancellationToken cancellationToken) => AskAsync($"stall {port} {count}", cancellationToken);

    /// <summary>Reads and checks so many bytes more on each stalled session.</summary>
    public Task ReadOnAsync(int port, long bytes, CancellationToken cancellationToken) => AskAsync($"read {port} {bytes}", cancellationToken);

    /// <summary>Closes all sessions that were opened through that port.</summary>
    public Task CloseAsync(int port, CancellationToken cancellationToken) => AskAsync($"close {port}", cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _load.DisposeAsync();
        await _target.DisposeAsync();
    }

    private async Task<double[]> AskAsync(string command, CancellationToken cancellationToken)
    {
        await _load.WriteLineAsync(command, cancellationToken);
        return Parse(await _load.ReadLineAsync(cancellationToken));
    }

    private static double[] Parse(string line) => line.Split(' ', 2) switch
    {
        ["ok"] => [],
        ["ok", string numbers] => [.. numbers.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))],
        ["failed", string reason] => throw new LoadException(reason),
        _ => throw new InvalidOperationException($"the load answered '{line}'"),
    };
}
