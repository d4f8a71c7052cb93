using System.Net.Sockets;
using System.Text;
using TunnelAspire.Protocol.Lanes;
using TunnelAspire.Tests.Edge;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Http.Direct;

/// <summary>A connection that carries lanes, on which a test sends what it wants.</summary>
internal sealed class LaneClient : IDisposable
{
    private readonly TcpClient _client;

    private LaneClient(TcpClient client, LaneMultiplexer lanes, Task running) => (_client, Lanes, Running) = (client, lanes, running);

    public LaneMultiplexer Lanes { get; }

    /// <summary>Until the answer that carries lanes has ended in order.</summary>
    public Task Running { get; }

    public Socket Socket => _client.Client;

    public static async Task<LaneClient> ConnectAsync(Uri server)
    {
        TcpClient client = new() { NoDelay = true };
        await client.ConnectAsync(server.Host, server.Port);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync("POST /v1/lanes HTTP/1.1\r\nHost: a\r\nContent-Type: binary/tcp\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray());
        ChunkedStream frames = new(stream);
        LaneMultiplexer lanes = new(frames);
        Task pong = lanes.PingAsync();
        string head = await HeadAsync(stream).Soon();
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", head, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: binary/tcp\r\n", head, StringComparison.Ordinal);
        Assert.Contains("\r\nTransfer-Encoding: chunked\r\n", head, StringComparison.Ordinal);
        Task running = lanes.RunAsync(frames, CancellationToken.None);
        await pong.Soon();
        return new LaneClient(client, lanes, running);
    }

    /// <summary>A lane on which a request has been sent.</summary>
    public async Task<Lane> SendAsync(string request)
    {
        Lane lane = Lanes.Open();
        await SendAsync(lane, request);
        return lane;
    }

    public static Task SendAsync(Lane lane, string text) => new LaneStream(lane).WriteAsync(Encoding.Latin1.GetBytes(text)).Soon();

    /// <summary>The next answer on a lane; null where the lane ends, or is cut, without one.</summary>
    public static Task<Answer?> AnswerAsync(Lane lane) => Answer.ReadAsync(new LaneStream(lane)).Soon();

    /// <summary>The answer to a request that has a lane of its own.</summary>
    public async Task<Answer> AskAsync(string request)
    {
        using Lane lane = await SendAsync(request);
        Answer? answer = await AnswerAsync(lane);
        Assert.NotNull(answer);
        return answer;
    }

    public void Dispose() => _client.Dispose();

    private static async Task<string> HeadAsync(Stream stream)
    {
        StringBuilder head = new();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one) == 1)
        {
            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
