using System.Net;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;

namespace TunnelAspire.SampleTarget.Paths;

/// <summary><c>GET /api/path</c>.</summary>
internal static class PathEndpoint
{
    private static readonly object CountKey = new();

    public static void MapPath(this IEndpointRouteBuilder app) => app.MapGet("/api/path", GetPathAsync);

    private static async Task<JsonHttpResult<PathReport>> GetPathAsync(
        HttpContext context, ConnectorSessions sessions, CancellationToken cancellationToken)
    {
        IPEndPoint source = ConnectorSessions.Normal(new IPEndPoint(context.Connection.RemoteIpAddress!, context.Connection.RemotePort));
        (CarriedSession? session, IReadOnlyList<string> unanswered) = await sessions.FindAsync(source, cancellationToken);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(new PathReport(
            session is not null, source.ToString(), context.Connection.Id, CountOf(context), session, unanswered));
    }

    /// <summary>Kept with the connection, which serves one request at a time.</summary>
    private static int CountOf(HttpContext context)
    {
        IDictionary<object, object?> items = context.Features.GetRequiredFeature<IConnectionItemsFeature>().Items;
        int count = items.TryGetValue(CountKey, out object? before) && before is int asked ? asked + 1 : 1;
        items[CountKey] = count;
        return count;
    }
}
