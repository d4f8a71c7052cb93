using System.Buffers;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace TunnelAspire.IntegrationTests.Paths;

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
        using Whole question = await Whole.ReadAsync(context.Request.Body, context.Request.ContentLength, cancellationToken);
        await Task.Delay(_delay, cancellationToken);
        using HttpRequestMessage request = Request(context.Request, question);
        using HttpResponseMessage found = await _client.SendAsync(request, cancellationToken);
        await using Stream body = await found.Content.ReadAsStreamAsync(cancellationToken);
        using Whole answer = await Whole.ReadAsync(body, found.Content.Headers.ContentLength, cancellationToken);
        await Task.Delay(_delay, cancellationToken);
        context.Response.StatusCode = (int)found.StatusCode;
        foreach ((string name, HeaderStringValues values) in found.Headers.NonValidated.Concat(found.Content.Headers.NonValidated))
        {
            if (!NotHandedOn.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                context.Response.Headers[name] = values.ToArray();
            }
        }

        await context.Response.Body.WriteAsync(answer.Bytes, cancellationToken);
    }

    private HttpRequestMessage Request(HttpRequest incoming, Whole body)
    {
        HttpRequestMessage request = new(new HttpMethod(incoming.Method), new Uri(_next, incoming.Path + incoming.QueryString));
        request.Content = HttpMethods.IsPost(incoming.Method) ? new ReadOnlyMemoryContent(body.Bytes) : null;
        foreach ((string name, var values) in incoming.Headers)
        {
            if (!NotHandedOn.Contains(name, StringComparer.OrdinalIgnoreCase) && !request.Headers.TryAddWithoutValidation(name, values.ToArray()))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
            }
        }

        return request;
    }

    /// <summary>A body that has arrived to its end, in a rented buffer.</summary>
    private sealed class Whole : IDisposable
    {
        private byte[] _buffer;
        private int _length;

        private Whole(long? length) => _buffer = ArrayPool<byte>.Shared.Rent((int)(length ?? 64 * 1024) + 1);

        public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

        public static async Task<Whole> ReadAsync(Stream body, long? length, CancellationToken cancellationToken)
        {
            Whole whole = new(length);
            while (await body.ReadAsync(whole._buffer.AsMemory(whole._length), cancellationToken) is > 0 and int count)
            {
                whole._length += count;
                if (whole._length == whole._buffer.Length)
                {
                    byte[] larger = ArrayPool<byte>.Shared.Rent(whole._length * 2);
                    whole.Bytes.CopyTo(larger);
                    whole.Dispose();
                    whole._buffer = larger;
                }
            }

            return whole;
        }

        public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);
    }
}
