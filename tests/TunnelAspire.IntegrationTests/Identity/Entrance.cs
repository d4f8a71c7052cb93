using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Identity;

/// <summary>A <c>tunneld</c> with a target that listens, and whoever asks it for a session.</summary>
public sealed class Entrance : IAsyncDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private readonly Socket _target = Loopback.Listen(out _);

    private Entrance(string url, Dictionary<string, string> environment, string[] arguments)
    {
        Url = url;
        environment.TryAdd("Logging__LogLevel__TunnelAspire", "Debug");
        environment.TryAdd("Connector__DrainSeconds", "1");
        Server = ChildProcess.Start(Installed.Built("TunnelAspire.Node", "tunneld"), ["--urls", url, .. environment.ContainsKey("Connector__Policy") ? Array.Empty<string>() : ["--allow", "127.0.0.1:*"], .. arguments], environment);
    }

    public ChildProcess Server { get; }

    public string Url { get; }

    public string Target => _target.LocalEndPoint!.ToString()!;

    public static async Task<Entrance> StartAsync(Dictionary<string, string> environment, params string[] arguments)
    {
        Entrance entrance = new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Loopback.FreePort()}"), environment, arguments);
        try
        {
            await entrance.Server.LineAsync("Application started");
            return entrance;
        }
        catch
        {
            await entrance.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks; tells the status, and the detail of an error, or the session's id.</summary>
    public async Task<string> OpenAsync(string? token, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, $"{Url}/v1/sessions?target={Target}") { Content = new ByteArrayContent([]) };
        request.Content.Headers.ContentType = new("binary/tcp");
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        }

        using HttpResponseMessage answer = await _http.SendAsync(request);
        string body = await answer.Content.ReadAsStringAsync();
        string detail = body.Length > 0 ? JsonDocument.Parse(body).RootElement.GetProperty("detail").GetString()! : answer.Headers.GetValues("Tunnel-Session").Single();
        return string.Create(CultureInfo.InvariantCulture, $"{(int)answer.StatusCode} {detail}");
    }

    /// <summary>An agent with a forward to the target, and its local port.</summary>
    public async Task<(ChildProcess Agent, int Port)> StartAgentAsync(params string[] arguments)
    {
        ChildProcess agent = ChildProcess.Start(Installed.Built("TunnelAspire.Agent", "tunnel"), ["connect", Url, "-v", "-L", $"0:{Target}", .. arguments]);
        return (agent, Tunnel.LocalPort(await agent.LineAsync("forwarding ")));
    }

    /// <summary>Whether a client of the agent gets through to the target; else its connection is reset.</summary>
    public async Task<bool> PassesAsync(int port)
    {
        using Socket client = await Loopback.ConnectAsync(port);
        Task<bool> ended = Loopback.EndedByResetAsync(client, TimeSpan.FromSeconds(20));
        using CancellationTokenSource over = new();
        ValueTask<Socket> accepting = _target.AcceptAsync(over.Token);
        Task<Socket> accepted = accepting.AsTask();
        if (await Task.WhenAny(accepted, ended) == accepted)
        {
            (await accepted).Dispose();
            await ended;
            return true;
        }

        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accepted);
        return false;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Server.DisposeAsync();
        _target.Dispose();
    }
}
