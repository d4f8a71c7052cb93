using System.Net;
using System.Net.Sockets;
using System.Text;
using TunnelAspire.Http1;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Http1;

/// <summary>A server that says what a test tells it to, and the client under test.</summary>
internal sealed class RawServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly HttpMessageInvoker _client = new(new Http1Handler(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1)));

    public RawServer()
    {
        _listener.Start();
        Url = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/path?query=1");
    }

    public Uri Url { get; }

    public bool HasCaller => _listener.Pending();

    public Task<HttpResponseMessage> GetAsync(CancellationToken cancellationToken = default) => SendAsync(new HttpRequestMessage(HttpMethod.Get, Url), cancellationToken);

    public Task<HttpResponseMessage> PostAsync(HttpContent content) => SendAsync(new HttpRequestMessage(HttpMethod.Post, Url) { Content = content });

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken = default) => _client.SendAsync(request, cancellationToken);

    public Task<Socket> AcceptAsync() => _listener.AcceptSocketAsync().Soon();

    /// <summary>What arrives, up to and with the first <paramref name="end"/>.</summary>
    public static async Task<string> ReadAsync(Socket socket, string end = "\r\n\r\n")
    {
        StringBuilder text = new();
        byte[] one = new byte[1];
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal) && await socket.ReceiveAsync(one).Soon() == 1)
        {
            text.Append((char)one[0]);
        }

        return text.ToString();
    }

    public static async Task SayAsync(Socket socket, string text) => await socket.SendAsync(Encoding.Latin1.GetBytes(text)).Soon();

    /// <summary>The whole answer to a GET that is answered with <paramref name="text"/>.</summary>
    public async Task<(HttpResponseMessage Answer, Socket Connection)> AnswerAsync(string text)
    {
        Task<HttpResponseMessage> asked = GetAsync();
        Socket connection = await AcceptAsync();
        await ReadAsync(connection);
        await SayAsync(connection, text);
        return (await asked.Soon(), connection);
    }

    public void Dispose()
    {
        _client.Dispose();
        _listener.Dispose();
    }
}
