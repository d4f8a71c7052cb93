using TunnelAspire.Http;
using TunnelAspire.Http.Identity;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Routing;

namespace TunnelAspire.Relay;

/// <summary>The relay's side of the protocol: finds the session's connector and hands the request on.</summary>
public sealed class RelayEndpoints(
    ConnectorDirectory directory, RouteCache routes, Forwarder forwarder, RelayAdmissions admissions, RelayMetrics metrics, LocalConnector? local = null)
{
    /// <summary>Maps the protocol's paths.</summary>
    public void Map(IEndpointRouteBuilder app)
    {
        app.MapPost(TunnelPaths.Sessions, context => GuardAsync(context, OpenAsync));
        app.MapPost($"{TunnelPaths.Sessions}/{{id}}/send", context => GuardAsync(context, ForwardAsync));
        app.MapGet($"{TunnelPaths.Sessions}/{{id}}/receive", context => GuardAsync(context, ForwardAsync));
        app.MapDelete($"{TunnelPaths.Sessions}/{{id}}", context => GuardAsync(context, ForwardAsync));
    }

    /// <summary>Answers a send or a receive that has come past the mapped paths.</summary>
    public Task AnswerAsync(HttpContext context) => GuardAsync(context, ForwardAsync);

    /// <summary>
    /// An open with a key goes where an earlier open with the same key went; any other to the less loaded of two connectors. Who asks
    /// for the target's first bytes asks with this key for the first time: where that is not so, the route shows it to the connector.
    /// </summary>
    private async Task OpenAsync(HttpContext context)
    {
        await admissions.RequireOpenAsync(context);
        string? key = context.Request.Headers[TunnelHeaders.OpenKey];
        if (key is { Length: > 128 or (> 0 and < 16) })
        {
            throw new TunnelException(TunnelError.Malformed, $"the header {TunnelHeaders.OpenKey} has 16 to 128 characters");
        }

        SessionId session = string.IsNullOrEmpty(key) ? SessionId.New() : SessionId.FromOpenKey(key, Caller.Of(context).Name);
        bool repeated = !string.IsNullOrEmpty(key) && context.Request.Query[TunnelPaths.First] != "1";
        ConnectorAddress? connector = !repeated ? null : await routes.FindAsync(session, context.RequestAborted);
        connector ??= await directory.ChooseAsync(context.RequestAborted);
        routes.Remember(session, connector); // the session's other requests come while the answer to this one is still under way
        bool opened = false;
        try
        {
            opened = await forwarder.ForwardAsync(context, session, connector) == StatusCodes.Status201Created;
        }
        catch (TunnelException e) when (e.Error is TunnelError.SessionGone or TunnelError.ConnectorUnreachable)
        {
            // No byte has been carried yet: the open can be repeated at another connector.
            directory.Avoid(connector);
            if (e.Error == TunnelError.SessionGone)
            {
                await routes.RemoveAsync(session, context.RequestAborted);
            }

            throw new TunnelException(TunnelError.ConnectorUnreachable, e.Message, e);
        }
        finally
        {
            if (!opened)
            {
                routes.Forget(session);
            }
        }
    }

    private async Task ForwardAsync(HttpContext context)
    {
        SessionId session = TunnelRequests.Session(context);
        admissions.RequireToken(context, session);
        ConnectorAddress connector = await routes.FindAsync(session, context.RequestAborted) ?? throw new TunnelException(TunnelError.SessionUnknown, "no such session");
        int status = await forwarder.ForwardAsync(context, session, connector);
        bool last = HttpMethods.IsPost(context.Request.Method) && context.Response.Headers.ContainsKey(TunnelHeaders.Fin); // for all but a few sessions
        if (last || status is StatusCodes.Status410Gone || (status == StatusCodes.Status204NoContent && HttpMethods.IsDelete(context.Request.Method)))
        {
            routes.Forget(session);
        }
    }

    private async Task GuardAsync(HttpContext context, Func<HttpContext, Task> handle)
    {
        if (local?.IsMeant(context) == true)
        {
            await local.Admit(context);
            return;
        }

        metrics.Began();
        int status = StatusCodes.Status500InternalServerError;
        try
        {
            await handle(context);
            status = context.Response.StatusCode;
        }
        catch (TunnelException e)
        {
            status = e.Error.Status();
            throw;
        }
        catch (RoutingUnavailableException e)
        {
            status = TunnelError.RoutingUnavailable.Status();
            throw new TunnelException(TunnelError.RoutingUnavailable, "the routing store is out of reach; try again", e);
        }
        finally
        {
            metrics.Ended(status);
        }
    }
}
