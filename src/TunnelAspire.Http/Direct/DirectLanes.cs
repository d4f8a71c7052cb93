using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using TunnelAspire.Http.Limits;
using TunnelAspire.Protocol.Lanes;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Http.Direct;

/// <summary>
/// Answers the request that carries lanes: what comes on each is served as on a connection of its own. Only where that request itself
/// is served past the web server: elsewhere HTTP/2 carries many requests already.
/// </summary>
[SuppressMessage("Reliability", "CA2000", Justification = "A CancellationTokenSource without a timer holds nothing to dispose.")]
public sealed class DirectLanes(DirectRequests requests, ConnectionLimits limits, AgentAddress agents)
{
    /// <summary>Maps the path.</summary>
    public void Map(IEndpointRouteBuilder app) => app.MapPost(TunnelPaths.Lanes, AnswerAsync);

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Features.Get<IDirectFeature>() is null)
        {
            throw new TunnelException(TunnelError.SessionUnknown, "lanes are for plain HTTP/1.1");
        }

        TunnelRequests.RequireTcpBody(context.Request);
        TunnelAnswers.Mark(context);
        context.Response.ContentType = context.Request.ContentType;
        CancellationTokenSource over = new();
        LaneMultiplexer lanes = new(context.Response.Body, lane => _ = ServeAsync(lane, over))
        {
            RemoteEndPoint = EndPoint(agents.Of(context), context.Connection.RemotePort),
            LocalEndPoint = EndPoint(context.Connection.LocalIpAddress, context.Connection.LocalPort),
            Cut = context.Abort,
        };
        using CancellationTokenRegistration stop = requests.Stopping.Register(() =>
        {
            lanes.Leave();
            EndIfStopped(lanes, over);
        });
        try
        {
            await lanes.RunAsync(context.Request.Body, over.Token);
        }
        catch (OperationCanceledException) when (requests.Stopping.IsCancellationRequested)
        {
            // The server stops, and nothing is under way any more.
        }
    }

    /// <summary>The server stops, and no lane is left: so does what has carried them.</summary>
    private void EndIfStopped(LaneMultiplexer lanes, CancellationTokenSource over)
    {
        if (requests.Stopping.IsCancellationRequested && lanes.Count == 0)
        {
            over.Cancel();
        }
    }

    /// <summary>Serves a lane to its end. Throws nothing.</summary>
    private async Task ServeAsync(Lane lane, CancellationTokenSource over)
    {
        try
        {
            using ConnectionLimits.Place? place = limits.TryEnterLane(lane.RemoteEndPoint);
            if (place is null || await new DirectConnection(lane, requests, requests.Stopping).ServeAsync())
            {
                lane.Abort(); // one too many, or what comes is nothing that is served here
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Gone before it was looked at.
        }
        catch (Exception e)
        {
            requests.LogFault(e);
        }
        finally
        {
            lane.Dispose();
            EndIfStopped(lane.Multiplexer, over);
        }
    }

    private static IPEndPoint? EndPoint(IPAddress? address, int port) => address is null ? null : new IPEndPoint(address, port);
}
