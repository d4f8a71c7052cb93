using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace TunnelAspire.IntegrationTests.Harness;

/// <summary>Bad requests in HTTP/1.1, so many a second, on connections that are kept while the server keeps them.</summary>
/// <param name="port">The server's.</param>
/// <param name="perSecond">How many requests.</param>
public sealed class Flood(int port, int perSecond)
{
    private const int Connections = 40;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    private static readonly byte[][] Requests =
    [
        .. ((string[])[
            "POST /v1/sessions?target=nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            "POST /v1/sessions?target=203.0.113.1:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            "GET /v1/sessions/AAAAAAAAAAAAAAAAAAAAAA/receive?ack=0 HTTP/1.1\r\nHost: a\r\nTunnel-Token: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n\r\n",
            "GET /v1/sessions/nothing/receive?ack=x HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST /v1/sessions/AAAAAAAAAAAAAAAAAAAAAA/send?offset=-1 HTTP/1.1\r\nHost: a\r\nTunnel-Token: x\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nabcd",
            "PUT /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            "DELETE /v1/sessions/AAAAAAAAAAAAAAAAAAAAAA HTTP/1.1\r\nHost: a\r\nTunnel-Token: x\r\n\r\n",
            "GET /v1/path/receive?parts=99999999 HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n",
            "nonsense\r\n\r\n",
        ]).Select(Encoding.Latin1.GetBytes),
    ];

    private readonly ConcurrentDictionary<string, int> _answers = new();
    private int _due;
    private int _sent;

    /// <summary>How many requests were sent.</summary>
    public int Sent => Volatile.Read(ref _sent);

    /// <summary>How often each status came.</summary>
    public string Answers => string.Join(", ", _answers.OrderBy(answer => answer.Key).Select(answer => $"{answer.Key}: {answer.Value}"));

    /// <summary>How many were answered.</summary>
    public int Answered => _answers.Values.Sum();

    /// <summary>Floods for so long.</summary>
    public async Task RunAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] senders = [.. Enumerable.Range(0, Connections).Select(_ => Task.Run(() => SendAsync(over.Token), CancellationToken.None))];
        long begun = Stopwatch.GetTimestamp();
        int released = 0;
        using (PeriodicTimer timer = new(Step))
        {
            while (Stopwatch.GetElapsedTime(begun) is var elapsed && elapsed < duration)
            {
                int due = (int)(elapsed.TotalSeconds * perSecond);
                Interlocked.Add(ref _due, due - released);
                released = due;
                await timer.WaitForNextTickAsync(cancellationToken);
            }
        }

        await over.CancelAsync();
        await Task.WhenAll(senders);
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                await SendOnOneConnectionAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The flood is over: nothing else cancels.
        }
    }

    private async Task SendOnOneConnectionAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[16 * 1024];
        try
        {
            using Socket socket = await Loopback.ConnectAsync(port);
            while (true)
            {
                while (Interlocked.Decrement(ref _due) < 0)
                {
                    Interlocked.Increment(ref _due);
                    await Task.Delay(Step, cancellationToken);
                }

                await socket.SendAsync(Requests[Interlocked.Increment(ref _sent) % Requests.Length], cancellationToken);
                int count = await socket.ReceiveAsync(buffer, cancellationToken);
                if (count < 12)
                {
                    return;
                }

                string answer = Encoding.Latin1.GetString(buffer, 0, count);
                _answers.AddOrUpdate(answer[9..12], 1, (_, number) => number + 1);
                if (answer.Contains("Connection: close", StringComparison.OrdinalIgnoreCase))
                {
                    return;
                }

                await ReadRestAsync(socket, answer, buffer, cancellationToken);
            }
        }
        catch (SocketException)
        {
            // The server has cut the connection: the next one.
        }
    }

    private static async Task ReadRestAsync(Socket socket, string begun, byte[] buffer, CancellationToken cancellationToken)
    {
        int head = begun.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        int at = begun.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
        if (head < 0 || at < 0)
        {
            return;
        }

        string length = begun[(at + 16)..begun.IndexOf("\r\n", at, StringComparison.Ordinal)];
        int rest = head + 4 + int.Parse(length, CultureInfo.InvariantCulture) - begun.Length;
        while (rest > 0 && await socket.ReceiveAsync(buffer.AsMemory(0, Math.Min(rest, buffer.Length)), cancellationToken) is > 0 and int count)
        {
            rest -= count;
        }
    }
}
