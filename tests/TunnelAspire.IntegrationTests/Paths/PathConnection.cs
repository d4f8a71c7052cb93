using System.Diagnostics;
using System.Net.Sockets;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Paths;

/// <summary>One TCP connection through an agent of its own, a path and a tunnel: both its ends.</summary>
public sealed class PathConnection : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _path;
    private readonly ChildProcess _agent;
    private readonly Socket _client;
    private readonly Socket _target;

    private PathConnection(string path, ChildProcess agent, Socket client, Socket target) => (_path, _agent, _client, _target) = (path, agent, client, target);

    internal static Task<PathConnection> OpenAsync(Tunnel tunnel, PathProxy proxy, string mode) =>
        OpenAsync(tunnel, proxy.Server, mode, proxy.Arguments);

    internal static async Task<PathConnection> OpenAsync(Tunnel tunnel, string server, string mode, params string[] arguments)
    {
        using Socket listener = Loopback.Listen(out int port);
        (ChildProcess agent, int localPort) = await tunnel.StartAgentAsync(port, server, ["--mode", mode, .. arguments]);
        try
        {
            (Socket client, Socket target) = await Loopback.ConnectThroughAsync(localPort, listener);
            target.NoDelay = true;
            return new PathConnection($"{server} {string.Join(' ', arguments)}", agent, client, target);
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException($"no connection through {server}:\n{agent.Output}", e);
        }
    }

    /// <summary>What the agent says of the path, once it has measured it.</summary>
    public Task<string> MeasuredAsync() => _agent.LineAsync("Path: ");

    /// <summary>Sends <paramref name="bytes"/> bytes both ways at once and ends the connection in order; asserts that all arrived.</summary>
    public Task TransferAsync(long bytes) => BoundedAsync(async limit =>
    {
        Task<Digest> sentUp = Checked.SendAsync(_client, bytes, 1, limit);
        Task<Digest> sentDown = Checked.SendAsync(_target, bytes, 2, limit);
        Task<Digest> gotUp = Checked.ReceiveAsync(_target, null, limit);
        Task<Digest> gotDown = Checked.ReceiveAsync(_client, null, limit);
        await Task.WhenAll(sentUp, sentDown, gotUp, gotDown);
        Assert.Equal(await sentUp, await gotUp);
        Assert.Equal(await sentDown, await gotDown);
    });

    /// <summary>How long <paramref name="bytes"/> bytes take in one direction, from the first one's start to the end of the stream; asserts that all arrived.</summary>
    public async Task<TimeSpan> TimeAsync(long bytes, bool up)
    {
        (Socket from, Socket to) = up ? (_client, _target) : (_target, _client);
        long begun = Stopwatch.GetTimestamp();
        await BoundedAsync(async limit =>
        {
            Task<Digest> sent = Checked.SendAsync(from, bytes, 3, limit);
            Assert.Equal(await Checked.ReceiveAsync(to, null, limit), await sent);
        });
        return Stopwatch.GetElapsedTime(begun);
    }

    /// <summary>A question of 64 bytes to the target and its answer, <paramref name="rounds"/> times.</summary>
    public Task EchoAsync(int rounds) => BoundedAsync(async limit =>
    {
        byte[] question = new byte[64];
        byte[] arrived = new byte[question.Length];
        for (int i = 0; i < rounds; i++)
        {
            Random.Shared.NextBytes(question);
            await _client.SendAsync(question, limit);
            await ReadAsync(_target, arrived, limit);
            await _target.SendAsync(arrived, limit);
            Array.Clear(arrived);
            await ReadAsync(_client, arrived, limit);
            Assert.Equal(question, arrived);
        }
    });

    /// <summary>Does nothing for that long, and asserts that neither end is told anything meanwhile.</summary>
    public Task StayQuietAsync(TimeSpan quiet) => BoundedAsync(async limit =>
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(limit);
        over.CancelAfter(quiet);
        byte[] buffer = new byte[1];
        Task<int> first = await Task.WhenAny(
            _client.ReceiveAsync(buffer.AsMemory(), over.Token).AsTask(), _target.ReceiveAsync(buffer.AsMemory(), over.Token).AsTask());
        try
        {
            throw new EndOfStreamException($"an end was told something: {await first} bytes");
        }
        catch (OperationCanceledException) when (!limit.IsCancellationRequested)
        {
            // The quiet time is over, and nothing has happened in it.
        }
    });

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _target.Dispose();
        await _agent.KillAsync(); // the tunnel, which started it, lets go of it
    }

    /// <summary>Does it, and shows what the agent printed where it fails or lasts too long.</summary>
    private async Task BoundedAsync(Func<CancellationToken, Task> part)
    {
        using CancellationTokenSource limit = new(Patience);
        try
        {
            await part(limit.Token);
        }
        catch (Exception e) when (e is SocketException or EndOfStreamException or OperationCanceledException)
        {
            // A cancellation is the limit: nothing else cancels.
            throw new InvalidOperationException($"through {_path}: {e.Message}; the agent:\n{await LastWordsAsync()}", e);
        }
    }

    /// <summary>All that the agent has printed; where it has let go of the connection, it says why just after.</summary>
    private async Task<string> LastWordsAsync()
    {
        try
        {
            await _agent.LineAsync("Connection of ", TimeSpan.FromSeconds(2));
        }
        catch (TimeoutException)
        {
            // As far as it knows, the connection stands.
        }

        return _agent.Output;
    }

    private static async Task ReadAsync(Socket socket, byte[] buffer, CancellationToken cancellationToken)
    {
        for (int read = 0; read < buffer.Length;)
        {
            int count = await socket.ReceiveAsync(buffer.AsMemory(read), cancellationToken);
            read += count > 0 ? count : throw new EndOfStreamException($"ended after {read} of {buffer.Length} bytes");
        }
    }
}
