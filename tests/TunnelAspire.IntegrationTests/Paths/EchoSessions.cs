using System.Diagnostics;
using System.Net.Sockets;
using TunnelAspire.IntegrationTests.Harness;
using TunnelAspire.IntegrationTests.Telemetry;
using Xunit;

namespace TunnelAspire.IntegrationTests.Paths;

/// <summary>Sessions of one agent through a path to a target that sends back what it gets, and what the agent tells of them.</summary>
internal sealed class EchoSessions : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly EchoTarget _target = new();
    private readonly List<Socket> _clients = [];
    private readonly Collector _collector;
    private ChildProcess _agent = null!;

    private EchoSessions(Collector collector) => _collector = collector;

    /// <summary>Opens them. The agent exports to the collector.</summary>
    public static async Task<EchoSessions> OpenAsync(Tunnel tunnel, PathProxy proxy, int count, Collector collector)
    {
        EchoSessions sessions = new(collector);
        (sessions._agent, int port) = await tunnel.StartAgentAsync(sessions._target.Port, proxy.Server, collector.Environment, proxy.Arguments);
        for (int i = 0; i < count; i++)
        {
            sessions._clients.Add(await Loopback.ConnectAsync(port));
        }

        await sessions.EchoAsync(1);
        return sessions;
    }

    /// <summary>What the agent says of the path, once it has measured it.</summary>
    public Task<string> MeasuredAsync() => _agent.LineAsync("Path: ");

    /// <summary>A question of 64 bytes and its answer in each session, that many times, all sessions side by side; returns the median of the times.</summary>
    public async Task<TimeSpan> EchoAsync(int rounds)
    {
        using CancellationTokenSource limit = new(Patience);
        try
        {
            TimeSpan[] times = [.. (await Task.WhenAll(_clients.Select(client => EchoAsync(client, rounds, limit.Token)))).SelectMany(each => each).Order()];
            return times[times.Length / 2];
        }
        catch (Exception e) when (e is SocketException or EndOfStreamException or OperationCanceledException)
        {
            // A cancellation is the limit: nothing else cancels.
            throw new InvalidOperationException($"{e.Message}; the agent:\n{_agent.Output}", e);
        }
    }

    /// <summary>Goes on asking until all sessions have lanes.</summary>
    public Task OnLanesAsync() => Waiting.UntilAsync(
        async () =>
        {
            await EchoAsync(2);
            return Lanes(since: default) >= _clients.Count;
        },
        $"the sessions share connections; the agent:\n{_agent.Output}");

    /// <summary>How many lanes the agent has, by a metric that it measured after the call.</summary>
    public async Task<double> LanesAsync()
    {
        DateTimeOffset since = TimeProvider.System.GetUtcNow() + TimeSpan.FromMilliseconds(100); // an export may be under way
        await Waiting.UntilAsync(() => Lanes(since) >= 0, "the agent exports its metrics");
        return Lanes(since);
    }

    /// <summary>Does nothing for that long, and asserts that no session is told anything meanwhile.</summary>
    public async Task StayQuietAsync(TimeSpan quiet)
    {
        using CancellationTokenSource over = new(quiet);
        Task<int>[] told = [.. _clients.Select(client => client.ReceiveAsync(new byte[1], over.Token).AsTask())];
        try
        {
            throw new EndOfStreamException($"a session was told something: {await await Task.WhenAny(told)} bytes; the agent:\n{_agent.Output}");
        }
        catch (OperationCanceledException)
        {
            // The quiet time is over, and nothing has happened in it. It is over for all: who asks next must be the only one.
            await Task.WhenAll(told).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        _target.Dispose();
        await _agent.KillAsync(); // the tunnel, which started it, lets go of it
    }

    private double Lanes(DateTimeOffset since) =>
        _collector.Processes.TryGetValue(_agent.Id, out ProcessMetrics? metrics) && metrics.At > since ? metrics.Values.GetValueOrDefault("tunnel.client.lanes") : -1;

    private static async Task<TimeSpan[]> EchoAsync(Socket client, int rounds, CancellationToken cancellationToken)
    {
        byte[] question = new byte[64];
        byte[] answer = new byte[question.Length];
        TimeSpan[] times = new TimeSpan[rounds];
        for (int i = 0; i < rounds; i++)
        {
            Random.Shared.NextBytes(question);
            long begun = Stopwatch.GetTimestamp();
            await client.SendAsync(question, cancellationToken);
            for (int read = 0; read < answer.Length;)
            {
                int count = await client.ReceiveAsync(answer.AsMemory(read), cancellationToken);
                read += count > 0 ? count : throw new EndOfStreamException($"ended after {read} of {answer.Length} bytes");
            }

            times[i] = Stopwatch.GetElapsedTime(begun);
            Assert.Equal(question, answer);
        }

        return times;
    }
}
