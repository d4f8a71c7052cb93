using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace TunnelAspire.IntegrationTests.Harness;

/// <summary>
/// An HTTP proxy at the far end of a long way: it takes each request and each answer whole, and lets it wait before it hands it on.
/// Requests do not wait for one another.
/// </summary>
internal sealed class DelayingProxy : IAsyncDisposable
{
    private static readonly string[] NotHandedOn = ["Connection", "Keep-Alive", "Transfer-Encoding", "Host"];

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false, ActivityHeadersPropagator = null });
    private readonly Uri _next;
    private readonly TimeSpan _delay;
    private readonly WebApplication _app;

    private DelayingProxy(Uri next, TimeSpan delay)
    {
        (_next, _delay) = (next, delay);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        _app = builder.Build();
        _app.Run(PassAsync);
    }

    /// <summary>Where it listens.</summary>
    public string Url => _app.Urls.First();

    /// <summary>Starts one before <paramref name="next"/>.</summary>
    /// <param name="next">URL of the server behind it.</param>
    /// <param name="delay">How long each request, and each answer, waits.</param>
    public static async Task<DelayingProxy> StartAsync(string next, TimeSpan delay)
    {
        DelayingProxy proxy = new(new Uri(next), delay);
        await proxy._app.StartAsync();
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _client.Dispose();
    }

    private async Task PassAsync(HttpContext context)
    {
        try
        {
            await PassAsync(context, context.RequestAborted);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or BadHttpRequestException)
        {
            // One of the two sides has gone, or its cancellation says so; the other learns it as from any proxy.
            context.Abort();
        }
    }

    private async Task PassAsync(HttpContext context, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = await RequestAsync(context.Request, cancellationToken);
        await Task.Delay(_delay, cancellationToken);
        using HttpResponseMessage answer = await _client.SendAsync(request, cancellationToken);
        byte[] body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        await Task.Delay(_delay, cancellationToken);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach ((string name, HeaderStringValues values) in answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated))
        {
            if (!NotHandedOn.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                context.Response.Headers[name] = values.ToArray();
            }
        }

        await context.Response.Body.WriteAsync(body, cancellationToken);
    }

    private async Task<HttpRequestMessage> RequestAsync(HttpRequest incoming, CancellationToken cancellationToken)
    {
        using MemoryStream body = new((int)(incoming.ContentLength ?? 0));
        await incoming.Body.CopyToAsync(body, cancellationToken);
        HttpRequestMessage request = new(new HttpMethod(incoming.Method), new Uri(_next, incoming.Path + incoming.QueryString));
        request.Content = HttpMethods.IsPost(incoming.Method) ? new ByteArrayContent(body.GetBuffer(), 0, (int)body.Length) : null;
        foreach ((string name, var values) in incoming.Headers)
        {
            if (!NotHandedOn.Contains(name, StringComparer.OrdinalIgnoreCase) && !request.Headers.TryAddWithoutValidation(name, values.ToArray()))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
            }
        }

        return request;
    }
}
