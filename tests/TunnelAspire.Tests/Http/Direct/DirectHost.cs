using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TunnelAspire.Http;
using TunnelAspire.Http.Direct;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Edge;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Http.Direct;

/// <summary>A web server whose sends and receives a test answers, and that takes lanes; all else says who served it.</summary>
internal sealed class DirectHost(WebApplication app, RecordingLogs logs) : IAsyncDisposable
{
    public const string Session = "/v1/sessions/AAAAAAAAAAAAAAAAAAAAAA";

    public Uri Address => new(app.Urls.First());

    /// <summary>What has been thrown on connections that nobody expected.</summary>
    public IEnumerable<string> Faults => logs.Lines.Where(line => line.Contains(" 2903 ", StringComparison.Ordinal));

    /// <summary>A send.</summary>
    public static string Send(string headers = "", string body = "") => $"POST {Session}/send HTTP/1.1\r\nHost: a\r\n{headers}\r\n{body}";

    public static async Task<DirectHost> StartAsync(RequestDelegate endpoint, RequestDelegate? others = null, params (string Key, string Value)[] settings)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        RecordingLogs logs = new();
        builder.Services.AddSingleton<ILoggerFactory>(logs);
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(setting => setting.Key, setting => (string?)setting.Value));
        builder.WebHost.UseUrls(settings.Any(setting => setting.Key == "Tls:Key") ? "https://127.0.0.1:0" : "http://127.0.0.1:0");
        builder.AddWebServer();
        WebApplication app = builder.Build();
        app.Services.GetRequiredService<DirectRequests>().Serve(endpoint);
        app.UseWhen(context => context.Request.Path == TunnelPaths.Lanes, lanes => lanes.UseMiddleware<TunnelErrorMiddleware>());
        app.Services.GetRequiredService<DirectLanes>().Map(app);
        app.Map("/{**path}", others ?? SayWhoServesAsync);
        await app.StartAsync();
        return new DirectHost(app, logs);
    }

    /// <summary>Answers with the request's body.</summary>
    public static async Task EchoAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body.ToArray());
    }

    public static Task SayWhoServesAsync(HttpContext context)
    {
        context.Response.Headers["By"] = context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is null ? "direct" : "server";
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    public async Task<DirectClient> ConnectAsync()
    {
        TcpClient client = new() { NoDelay = true };
        await client.ConnectAsync(Address.Host, Address.Port);
        return new DirectClient(client);
    }

    public Task StopAsync() => app.StopAsync();

    /// <summary>On another thread: the test may go on in the one that waits for sockets, and the web server's own end blocks.</summary>
    public ValueTask DisposeAsync() => new(Task.Run(() => app.DisposeAsync().AsTask()));
}

/// <summary>A connection on which a test sends what it wants.</summary>
internal sealed class DirectClient(TcpClient client) : IDisposable
{
    private readonly NetworkStream _stream = client.GetStream();

    public Socket Socket => client.Client;

    public Task SendAsync(string text) => _stream.WriteAsync(Encoding.Latin1.GetBytes(text)).Soon();

    /// <summary>The next answer; null at the connection's end.</summary>
    public Task<Answer?> AnswerAsync() => Answer.ReadAsync(_stream).Soon();

    public async Task RequireAsync(string body)
    {
        Answer? answer = await AnswerAsync();
        Assert.NotNull(answer);
        Assert.Equal($"200 {body}", string.Create(CultureInfo.InvariantCulture, $"{answer.Status} {Encoding.Latin1.GetString(answer.Body)}"));
    }

    /// <summary>All that comes until the connection ends, however it ends.</summary>
    public async Task<string> RestAsync()
    {
        using MemoryStream rest = new();
        try
        {
            await _stream.CopyToAsync(rest).Soon();
        }
        catch (IOException)
        {
            // Reset.
        }

        return Encoding.Latin1.GetString(rest.ToArray());
    }

    public void Dispose() => client.Dispose();
}
