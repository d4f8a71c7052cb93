using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace TunnelAspire.IntegrationTests.Chaos.Load;

/// <summary>One kind of connection in the load.</summary>
/// <param name="Shape">How it talks.</param>
/// <param name="Clients">How many at once; each opens the next connection when one has ended.</param>
/// <param name="Up">Most bytes of the client's stream; <see cref="Shape.PingPong"/>: rounds.</param>
/// <param name="Down">Most bytes of the target's stream; <see cref="Shape.PingPong"/>: bytes of a question.</param>
/// <param name="Pause">Between two questions, and between two connections.</param>
/// <param name="Rate">Bytes each second, in each direction; 0: as fast as it goes.</param>
internal sealed record Lane(Shape Shape, int Clients, long Up, long Down, TimeSpan Pause = default, long Rate = 0);

/// <summary>Many checked connections of mixed shapes at once: the clients before an agent, and the targets behind a connector.</summary>
internal sealed class Traffic : IAsyncDisposable
{
    private readonly CancellationTokenSource _broken = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly ConcurrentDictionary<ulong, byte> _met = new();
    private readonly Dictionary<Lane, Socket> _listeners = [];
    private readonly List<Task> _clients = [];
    private readonly ulong _seed;
    private volatile bool _over;
    private long _asked;
    private long _sessions;
    private long _bytes;
    private int _strays;

    /// <summary>Opens the targets' listeners, one for each lane.</summary>
    /// <param name="seed">Of the streams.</param>
    /// <param name="lanes">What is to run.</param>
    public Traffic(int seed, params Lane[] lanes)
    {
        _seed = (ulong)(uint)seed << 32;
        foreach (Lane lane in lanes)
        {
            Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen(1024);
            _listeners.Add(lane, listener);
            _ = AcceptAsync(lane, listener);
        }
    }

    public Stalls Stalls { get; } = new();

    /// <summary>Connections that have ended in order at both ends.</summary>
    public long Sessions => Interlocked.Read(ref _sessions);

    /// <summary>Bytes that these have carried, both directions.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Connections that reached a target, and on which no client said anything: opens that nobody used.</summary>
    public int Strays => _strays;

    /// <summary>What went wrong; there should be nothing.</summary>
    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>Ports of the targets, in the order of the lanes.</summary>
    public IEnumerable<int> Targets => _listeners.Values.Select(listener => ((IPEndPoint)listener.LocalEndPoint!).Port);

    /// <summary>Starts the clients; after an end, once more.</summary>
    /// <param name="agent">Where the agent takes connections for each target, in the order of <see cref="Targets"/>.</param>
    public void Begin(IEnumerable<IPEndPoint> agent)
    {
        _over = false;
        _clients.Clear();
        foreach ((Lane lane, IPEndPoint way) in _listeners.Keys.Zip(agent))
        {
            _clients.AddRange(Enumerable.Range(0, lane.Clients).Select(_ => ConnectOftenAsync(lane, way)));
        }
    }

    /// <summary>No more connections are opened; those that are open go on to their ends.</summary>
    /// <exception cref="TimeoutException">They did not end in time.</exception>
    public async Task EndAsync(TimeSpan patience)
    {
        _over = true;
        await Task.WhenAll(_clients).WaitAsync(patience);
        await Harness.Waiting.UntilAsync(() => Sessions == _asked || !_failures.IsEmpty, $"the targets have seen the ends of all {_asked} connections", patience);
    }

    public async ValueTask DisposeAsync()
    {
        _over = true;
        await _broken.CancelAsync();
        foreach (Socket listener in _listeners.Values)
        {
            listener.Dispose();
        }

        await Task.WhenAll(_clients);
        _broken.Dispose();
    }

    private async Task ConnectOftenAsync(Lane lane, IPEndPoint way)
    {
        while (!_over)
        {
            await ConnectAsync(lane, way);
            if (lane.Shape != Shape.PingPong)
            {
                await Task.Delay(lane.Pause);
            }
        }
    }

    private async Task ConnectAsync(Lane lane, IPEndPoint way)
    {
        ulong number = (ulong)Interlocked.Increment(ref _asked);
        Plan plan = NewPlan(lane, _seed | number);
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(way, _broken.Token);
            await Talk(lane).AskAsync(socket, plan, lane.Pause, _broken.Token);
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidDataException)
        {
            Fail($"{lane.Shape} client of {number} ({socket.LocalEndPoint}): {e.Message}");
        }
        catch (OperationCanceledException)
        {
            // The load is broken off.
        }
    }

    private async Task AcceptAsync(Lane lane, Socket listener)
    {
        ulong number = (ulong)lane.Shape << 28;
        try
        {
            while (true)
            {
                Socket socket = await listener.AcceptAsync();
                _ = AnswerAsync(lane, socket, NewPlan(lane, (1UL << 63) | _seed | ++number));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The load is over.
        }
    }

    private async Task AnswerAsync(Lane lane, Socket socket, Plan own)
    {
        using (socket)
        {
            socket.NoDelay = true;
            try
            {
                if (await Talk(lane).AnswerAsync(socket, own, plan => _met.TryAdd(plan.Seed, 0), _broken.Token) is not { } plan)
                {
                    Interlocked.Increment(ref _strays);
                }
                else
                {
                    Interlocked.Increment(ref _sessions);
                    Interlocked.Add(ref _bytes, lane.Shape == Shape.PingPong ? 2 * plan.Up * plan.Down : plan.Up + plan.Down);
                }
            }
            catch (Exception e) when (e is SocketException or IOException or InvalidDataException)
            {
                Fail($"{lane.Shape} target ({socket.RemoteEndPoint}): {e.Message}");
            }
            catch (OperationCanceledException)
            {
                // The load is broken off.
            }
        }
    }

    private Conversation Talk(Lane lane) => new(lane.Shape, Stalls, () => new Pace(lane.Rate));

    /// <summary>Sizes between half of the lane's most and all of it, as the seed says.</summary>
    private static Plan NewPlan(Lane lane, ulong seed)
    {
        double share = 0.5 + ((seed * 0x9E3779B97F4A7C15 >> 40) / (double)(1 << 24) / 2);
        return lane.Shape == Shape.PingPong ? new Plan(seed, lane.Up, lane.Down) : new Plan(seed, (long)(lane.Up * share), (long)(lane.Down * share));
    }

    private void Fail(string what) => _failures.Enqueue($"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {what}");
}
