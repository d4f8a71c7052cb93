using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace TunnelAspire.IntegrationTests.Harness;

/// <summary>
/// Clients that talk with an <see cref="EchoTarget"/> through a tunnel, without a pause, and look at every byte that comes back:
/// the neighbours of whatever a test does to the tunnel.
/// </summary>
public sealed class GoodClients : IAsyncDisposable
{
    private const int LongestMessage = 32 * 1024;

    private readonly CancellationTokenSource _over = new();
    private readonly List<Task> _clients = [];
    private readonly long[] _trips;
    private long _bytes;
    private long _longest;

    private GoodClients(int count) => _trips = new long[count];

    /// <summary>Bytes that have come back.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>The longest time that a message took there and back.</summary>
    public TimeSpan Longest => TimeSpan.FromTicks(Volatile.Read(ref _longest));

    /// <summary>Connects clients to the local port of an agent, and waits until each has been answered once.</summary>
    public static async Task<GoodClients> StartAsync(int port, int count)
    {
        GoodClients clients = new(count);
        for (int i = 0; i < count; i++)
        {
            int client = i;
            clients._clients.Add(Task.Run(() => clients.TalkAsync(port, client)));
        }

        await clients.RequireServedAsync();
        return clients;
    }

    /// <summary>Waits until each client has been answered once more; fails where one's bytes came back wrong, or its connection ended.</summary>
    public async Task RequireServedAsync()
    {
        long[] before = [.. _trips];
        await Waiting.UntilAsync(
            () => _clients.Exists(client => client.IsFaulted) || _trips.Zip(before).All(trip => trip.First > trip.Second + 1), "each client is answered");
        if (_clients.Find(client => client.IsFaulted) is { } failed)
        {
            await failed;
        }
    }

    /// <summary>Ends in order: each client half-closes, and sees the end of its stream.</summary>
    public async Task EndAsync()
    {
        await _over.CancelAsync();
        await Task.WhenAll(_clients).WaitAsync(TimeSpan.FromSeconds(60));
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await Task.WhenAll(_clients).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _over.Dispose();
    }

    private async Task TalkAsync(int port, int client)
    {
        using Socket socket = await Loopback.ConnectAsync(port);
        using NetworkStream stream = new(socket);
        byte[] message = new byte[LongestMessage];
        byte[] answer = new byte[LongestMessage];
        while (!_over.IsCancellationRequested)
        {
            int length = RandomNumberGenerator.GetInt32(1, LongestMessage);
            RandomNumberGenerator.Fill(message.AsSpan(0, length));
            long begun = Stopwatch.GetTimestamp();
            await stream.WriteAsync(message.AsMemory(0, length));
            await stream.ReadExactlyAsync(answer.AsMemory(0, length));
            if (!message.AsSpan(0, length).SequenceEqual(answer.AsSpan(0, length)))
            {
                throw new InvalidOperationException($"client {client}: other bytes came back, in message {_trips[client]}");
            }

            Interlocked.Add(ref _bytes, length);
            Interlocked.Increment(ref _trips[client]);
            InterlockedMax(Stopwatch.GetElapsedTime(begun).Ticks);
        }

        socket.Shutdown(SocketShutdown.Send);
        if (await stream.ReadAsync(answer) != 0)
        {
            throw new InvalidOperationException($"client {client}: more bytes came back than were sent");
        }
    }

    private void InterlockedMax(long ticks)
    {
        long longest = Volatile.Read(ref _longest);
        while (ticks > longest && Interlocked.CompareExchange(ref _longest, ticks, longest) is var found && found != longest)
        {
            longest = found;
        }
    }
}
