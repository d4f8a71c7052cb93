using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace TunnelAspire.Tests.Harness;

/// <summary>An HTTP system in between that writes down all that passes: it takes each request whole, hands it on, and answers with the whole answer.</summary>
internal sealed class RecordingHop : IAsyncDisposable
{
    private static readonly string[] NotHandedOn = ["Transfer-Encoding", "Connection"];

    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, ActivityHeadersPropagator = null });
    private readonly Uri _next;
    private readonly WebApplication _app;
    private int _clock;

    private RecordingHop(Uri next)
    {
        _next = next;
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(PassAsync);
    }

    public Uri Url => new(_app.Urls.First());

    /// <summary>All exchanges, in the order in which they began.</summary>
    public IReadOnlyList<Exchange> All => [.. Exchanges.OrderBy(exchange => exchange.Begun)];

    public IReadOnlyList<Exchange> Sends => [.. All.Where(exchange => exchange.Path.EndsWith("/send", StringComparison.Ordinal))];

    public IReadOnlyList<Exchange> Receives => [.. All.Where(exchange => exchange.Path.EndsWith("/receive", StringComparison.Ordinal))];

    private ConcurrentQueue<Exchange> Exchanges { get; } = new();

    public static async Task<RecordingHop> StartAsync(Uri next)
    {
        RecordingHop hop = new(next);
        await hop._app.StartAsync();
        return hop;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _client.Dispose();
    }

    private async Task PassAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        Exchange exchange = new(Interlocked.Increment(ref _clock), context.Request.Method, context.Request.Path, context.Request.ContentType, body.ToArray());
        Exchanges.Enqueue(exchange);

        using HttpRequestMessage request = new(new HttpMethod(exchange.Method), new Uri(_next, context.Request.Path + context.Request.QueryString));
        request.Content = HttpMethods.IsPost(exchange.Method) ? new ByteArrayContent(exchange.Body) : null;
        foreach ((string name, var values) in context.Request.Headers)
        {
            _ = request.Headers.TryAddWithoutValidation(name, values.AsEnumerable()) || request.Content?.Headers.TryAddWithoutValidation(name, values.AsEnumerable()) == true;
        }

        using HttpResponseMessage answer = await _client.SendAsync(request, context.RequestAborted);
        exchange.AnswerType = answer.Content.Headers.ContentType?.MediaType;
        exchange.Answer = await answer.Content.ReadAsByteArrayAsync(context.RequestAborted);
        exchange.AnswerHeaders = answer.Headers.ToDictionary(header => header.Key, header => header.Value.First(), StringComparer.OrdinalIgnoreCase);
        exchange.Ended = Interlocked.Increment(ref _clock);

        context.Response.StatusCode = (int)answer.StatusCode;
        foreach ((string name, IEnumerable<string> values) in answer.Headers.Concat(answer.Content.Headers).Where(header => !NotHandedOn.Contains(header.Key)))
        {
            context.Response.Headers[name] = values.ToArray();
        }

        if (exchange.Answer.Length > 0)
        {
            await context.Response.Body.WriteAsync(exchange.Answer);
        }
    }

    /// <summary>A request that has passed, and its answer once there is one. <see cref="Begun"/> and <see cref="Ended"/> are of one clock.</summary>
    internal sealed class Exchange(int begun, string method, string path, string? mediaType, byte[] body)
    {
        public int Begun => begun;

        public string Method => method;

        public string Path => path;

        public string? MediaType => mediaType;

        public byte[] Body => body;

        public int Ended { get; set; } = int.MaxValue;

        public string? AnswerType { get; set; }

        public byte[] Answer { get; set; } = [];

        public IReadOnlyDictionary<string, string> AnswerHeaders { get; set; } = new Dictionary<string, string>();
    }
}
