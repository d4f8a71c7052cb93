using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using TunnelAspire.Http;
using TunnelAspire.Http.Identity;
using TunnelAspire.Http.Limits;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Relay.Paths;

/// <summary>The path probes: they say how requests reach the relay, and let answers go out at chosen times. They know no session and keep nothing.</summary>
public sealed class PathEndpoints(IOptions<RelayOptions> options, Callers callers, RequestLimits limits, TimeProvider time, RelayDrain drain)
{
    /// <summary>Most probes at once: they cost memory and bandwidth.</summary>
    public const int MostAtOnce = 64;

    /// <summary>How long one may last: it would hold a place for as long as it likes.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private int _underWay;

    /// <summary>Maps the probes' paths.</summary>
    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet(TunnelPaths.Path, context => GuardAsync(context, ViewAsync));
        app.MapPost(TunnelPaths.PathSend, context => GuardAsync(context, SendAsync));
        app.MapGet(TunnelPaths.PathReceive, context => GuardAsync(context, ReceiveAsync));
    }

    private async Task GuardAsync(HttpContext context, Func<HttpContext, Task> answer)
    {
        await callers.RequireAsync(context); // they cost memory and bandwidth, and tell something about the relay
        using RateLimitLease place = limits.AdmitProbe(context);
        TunnelRequests.LiftServerLimits(context);
        try
        {
            if (Interlocked.Increment(ref _underWay) > MostAtOnce)
            {
                throw limits.Refuse("probes", TunnelError.TooMany, $"{MostAtOnce} probes are under way at relay {options.Value.Name}");
            }

            await answer(context);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    private Task ViewAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        PathView view = new(
            request.Protocol, Client(context), Header(request, "Via"), Header(request, "X-Forwarded-For"), request.Host.Value ?? "", options.Value.Name, TunnelHeaders.CurrentVersion);
        return WriteAsync(context, view, PathReports.Default.PathView);
    }

    /// <summary>The body is read as it arrives, and thrown away.</summary>
    private async Task SendAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        ArrivingBody body = new(time);
        TunnelRequests.RequireTcpBody(request);
        TunnelRequests.RequireFitting(request, ArrivingBody.MostBytes);
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        over.CancelAfter(Longest);
        try
        {
            await body.ReadAsync(request.BodyReader, over.Token);
        }
        catch (OperationCanceledException e) when (!context.RequestAborted.IsCancellationRequested)
        {
            // Not the client's: it has had its time.
            throw new TunnelException(TunnelError.Malformed, $"a probe lasts {Longest.TotalMinutes} minutes at the most", e);
        }

        PathArrivals arrivals = new(request.Protocol, Client(context), Header(request, "Via"), Header(request, "X-Forwarded-For"), body.Bytes, body.Parts);
        await WriteAsync(context, arrivals, PathReports.Default.PathArrivals);
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        ProbedAnswer answer = ProbedAnswer.Read(context.Request);
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, drain.LetGo);
        over.CancelAfter(Longest);
        try
        {
            await answer.WriteAsync(context, time, over.Token);
        }
        catch (OperationCanceledException e) when (!context.RequestAborted.IsCancellationRequested)
        {
            // Not the client's: the relay stops, or the probe has had its time.
            throw drain.LetGo.IsCancellationRequested
                ? new TunnelException(TunnelError.Draining, $"relay {options.Value.Name} stops", e)
                : new TunnelException(TunnelError.Malformed, $"a probe lasts {Longest.TotalMinutes} minutes at the most", e);
        }
    }

    private static async Task WriteAsync<T>(HttpContext context, T report, JsonTypeInfo<T> type)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(report, type);
        TunnelAnswers.Mark(context);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = json.Length;
        await context.Response.Body.WriteAsync(json, context.RequestAborted);
    }

    private static string Client(HttpContext context) => context.Connection.RemoteIpAddress switch
    {
        null => "",
        { IsIPv4MappedToIPv6: true } address => address.MapToIPv4().ToString(),
        { } address => address.ToString(),
    };

    private static string? Header(HttpRequest request, string name) =>
        request.Headers.TryGetValue(name, out var values) ? string.Join(", ", values.ToArray()) : null;
}
