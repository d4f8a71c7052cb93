using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Logging;

namespace TunnelAspire.Tests.Agent.Paths;

/// <summary>A system between agent and relay, with a web server of its own: passes bodies on as they come, or holds them until they are whole.</summary>
internal sealed class HoldingProxy(Uri upstream, bool holdsRequests, bool holdsAnswers, int largestBody = int.MaxValue) : IAsyncDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false });
    private WebApplication _app = null!;

    public string Url => _app.Urls.First();

    public async Task<HoldingProxy> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(PassAsync);
        await _app.StartAsync();
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _client.Dispose();
    }

    private async Task PassAsync(HttpContext context)
    {
        if (context.Request.ContentLength > largestBody)
        {
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            return;
        }

        Uri url = new(upstream, context.Request.GetEncodedPathAndQuery());
        using HttpRequestMessage request = new(HttpMethod.Parse(context.Request.Method), url);
        if (HttpMethods.IsPost(context.Request.Method))
        {
            request.Content = holdsRequests ? new ByteArrayContent(await WholeAsync(context.Request.Body)) : new PassedOnBody(context.Request.Body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
        }

        using HttpResponseMessage answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach ((string name, IEnumerable<string> values) in answer.Headers.Where(header => header.Key.StartsWith("Tunnel-", StringComparison.Ordinal)))
        {
            context.Response.Headers[name] = values.ToArray();
        }

        await using Stream body = await answer.Content.ReadAsStreamAsync(context.RequestAborted);
        await (holdsAnswers ? context.Response.Body.WriteAsync(await WholeAsync(body)) : CopyAsync(body, context.Response.Body));
    }

    private static async Task<byte[]> WholeAsync(Stream body)
    {
        using MemoryStream whole = new();
        await body.CopyToAsync(whole);
        return whole.ToArray();
    }

    private static async ValueTask CopyAsync(Stream body, Stream to)
    {
        byte[] buffer = new byte[64 * 1024];
        int count;
        while ((count = await body.ReadAsync(buffer)) > 0)
        {
            await to.WriteAsync(buffer.AsMemory(0, count));
            await to.FlushAsync();
        }
    }

    /// <summary>A request's body on its way: each part is flushed.</summary>
    private sealed class PassedOnBody(Stream source) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => CopyAsync(source, stream).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
