using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TunnelAspire.Http1;
using TunnelAspire.Protocol.Lanes;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Http1;

/// <summary>
/// A server behind a gateway that takes <see cref="Prefix"/> off the lanes' path, and the client under test. Each answer says what the
/// request came by: "connection" or "lane". What becomes of the request that carries lanes is the test's to say.
/// </summary>
internal sealed class LaneServer : IAsyncDisposable
{
    public const string Prefix = "/gate/way";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<Socket> _sockets = [];
    private readonly Func<LaneServer, Stream, Task> _carry;
    private readonly Uri _url;
    private int _connections;
    private int _lanes;
    private int _begun;

    public LaneServer(Func<LaneServer, Stream, Task>? carry = null)
    {
        _carry = carry ?? (static (server, stream) => server.CarryAsync(stream));
        _listener.Start();
        _url = new Uri($"http://{_listener.LocalEndpoint}");
        Client = new HttpMessageInvoker(new Http1Handler(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), _ => Carrier()));
        _ = AcceptAllAsync();
    }

    public HttpMessageInvoker Client { get; }

    /// <summary>Connections that were accepted.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Lanes that were opened.</summary>
    public int Lanes => Volatile.Read(ref _lanes);

    /// <summary>Requests that would carry lanes.</summary>
    public int Begun => Volatile.Read(ref _begun);

    /// <summary>What carries lanes now.</summary>
    public LaneMultiplexer? Carried { get; private set; }

    /// <summary>The connection under it.</summary>
    public Stream? Carrying { get; private set; }

    /// <summary>Requests for "held" are answered when this has ended.</summary>
    public TaskCompletionSource Held { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Heads of the requests that have come, and by what.</summary>
    public ConcurrentQueue<(string By, string Head)> Asked { get; } = new();

    /// <summary>Sends a request, from a thread that waits for no sockets.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content = null, bool mayShare = true) => Task.Run(
        () => Client.SendAsync(new Http1Request(method, _url, Prefix + path) { MayShare = mayShare, Content = content }, CancellationToken.None));

    /// <summary>What a request came by.</summary>
    public async Task<string> GetAsync(string path = "/v1/sessions/x", bool mayShare = true)
    {
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Get, path, mayShare: mayShare).Soon();
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return answer.Headers.GetValues("By").Single();
    }

    public Task SharedAsync() => Waiting.UntilAsync(async () => await GetAsync() == "lane", "requests come by lanes");

    /// <summary>Answers the request that carries lanes, and serves those, until that request ends.</summary>
    public async Task CarryAsync(Stream stream)
    {
        Carrying = stream;
        await SayAsync(stream, "HTTP/1.1 200 OK\r\nContent-Type: binary/tcp\r\nTransfer-Encoding: chunked\r\n\r\n");
        ChunkedStream frames = new(stream);
        Carried = new LaneMultiplexer(frames, lane =>
        {
            Interlocked.Increment(ref _lanes);
            _ = ServeAsync(new LaneStream(lane), "lane");
        });
        await Carried.RunAsync(frames, CancellationToken.None);
        await frames.EndAsync();
    }

    public static Task SayAsync(Stream stream, string text) => stream.WriteAsync(Encoding.Latin1.GetBytes(text)).AsTask();

    /// <summary>Cuts all connections.</summary>
    public void Cut()
    {
        foreach (Socket socket in _sockets)
        {
            socket.Close(0);
        }
    }

    public ValueTask DisposeAsync()
    {
        Held.TrySetResult();
        Client.Dispose();
        _listener.Dispose();
        Cut();
        return ValueTask.CompletedTask;
    }

    private Http1Request Carrier()
    {
        Http1Request request = new(HttpMethod.Post, _url, Prefix + TunnelPaths.Lanes) { IsTwoWay = true };
        request.Headers.TryAddWithoutValidation("Accept", TunnelMediaTypes.BinaryTcp);
        return request;
    }

    private async Task AcceptAllAsync()
    {
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptSocketAsync();
                socket.NoDelay = true;
                _sockets.Add(socket);
                Interlocked.Increment(ref _connections);
                _ = ServeAsync(new NetworkStream(socket, ownsSocket: true), "connection");
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The listener is closed.
        }
    }

    private async Task ServeAsync(Stream stream, string by)
    {
        try
        {
            await using (stream)
            {
                while (await HeadAsync(stream) is { } head)
                {
                    Asked.Enqueue((by, head));
                    if (head.StartsWith($"POST {Prefix}{TunnelPaths.Lanes} ", StringComparison.Ordinal))
                    {
                        Interlocked.Increment(ref _begun);
                        await _carry(this, stream);
                        return;
                    }

                    if (!await AnswerAsync(stream, head, by))
                    {
                        return;
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // Cut.
        }
    }

    /// <summary>Answers; a word in the path may ask for something else. Returns whether there may be another request.</summary>
    private async Task<bool> AnswerAsync(Stream stream, string head, string by)
    {
        bool Asks(string word) => head.Contains(word, StringComparison.Ordinal);
        if (Asks("/held "))
        {
            await Held.Task;
        }

        if (!Asks("/cut "))
        {
            string answer = string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {(Asks("/refused ") ? "413 Too Large" : "200 OK")}\r\nBy: {by}\r\nContent-Length: 0\r\n\r\n");
            await SayAsync(stream, Asks("/twice ") ? answer + answer : answer);
        }

        return !Asks("/cut ");
    }

    private static async Task<string?> HeadAsync(Stream stream)
    {
        StringBuilder head = new();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
