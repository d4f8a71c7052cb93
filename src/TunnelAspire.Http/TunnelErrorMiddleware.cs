using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using TunnelAspire.Http.Audit;
using TunnelAspire.Http.Limits;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Http;

/// <summary>Turns what a tunnel endpoint throws into its answer. The endpoints themselves answer only what went well.</summary>
public sealed partial class TunnelErrorMiddleware(RequestDelegate next, RequestLimits limits, OpenRefusals? refusals, ILogger<TunnelErrorMiddleware> logger)
{
    /// <summary>Handles one request.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        if (!IsTunnels(context.Request.Path))
        {
            await next(context);
            return;
        }

        try
        {
            await next(context);
            await AnswerUnroutedAsync(context);
        }
        catch (TunnelException e)
        {
            LogRefused(e.Error.Code(), e.Message);
            if (IsOpen(context.Request))
            {
                refusals?.Add(context, e);
            }

            await FailAsync(context, e.Error, e.Message);
        }
        catch (Exception e) when (e is BadHttpRequestException || (e is IOException && !context.RequestAborted.IsCancellationRequested))
        {
            // A body whose framing is wrong, or that broke off: whoever still listens is told.
            LogCut(e.Message);
            await FailAsync(context, TunnelError.Malformed, e.Message);
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client went away: there is nobody to answer.
            LogCut(e.Message);
            context.Abort();
        }
        catch (Exception e)
        {
            LogFault(e);
            await TunnelAnswers.FailAsync(context, TunnelError.Internal, "a fault in the tunnel; its log says more");
        }
    }

    /// <summary>Refuses the request; a client whose requests are refused all the time is told that instead, and its connection is closed.</summary>
    private Task FailAsync(HttpContext context, TunnelError error, string detail)
    {
        if (limits.MayFail(context, error))
        {
            if (error == TunnelError.RoutingUnavailable)
            {
                CloseAfterwards(context); // the repeat is to take another relay, which may know the route
            }

            return TunnelAnswers.FailAsync(context, error, detail);
        }

        CloseAfterwards(context);
        return TunnelAnswers.FailAsync(context, TunnelError.TooMany, "too many of your requests were refused");
    }

    private static void CloseAfterwards(HttpContext context)
    {
        if (!context.Response.HasStarted && !HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
        }
    }

    private static bool IsOpen(HttpRequest request) => HttpMethods.IsPost(request.Method) && request.Path.Value == TunnelPaths.Sessions;

    private static bool IsTunnels(PathString path) =>
        path.StartsWithSegments(TunnelPaths.Sessions, StringComparison.Ordinal) || path.StartsWithSegments(TunnelPaths.Path, StringComparison.Ordinal) ||
        path == TunnelPaths.Lanes;

    /// <summary>What routing refused without a body gets the protocol's own answer.</summary>
    private Task AnswerUnroutedAsync(HttpContext context) => context.Response switch
    {
        { HasStarted: true } => Task.CompletedTask,
        { StatusCode: StatusCodes.Status405MethodNotAllowed } =>
            FailAsync(context, TunnelError.MethodNotAllowed, $"{context.Request.Path} does not take {context.Request.Method}"),
        { StatusCode: StatusCodes.Status404NotFound } =>
            FailAsync(context, TunnelError.SessionUnknown, "no such session, and nothing else at this path"),
        _ => Task.CompletedTask,
    };

    [LoggerMessage(2900, LogLevel.Debug, "Refused: {Code}: {Detail}")]
    private partial void LogRefused(string code, string detail);

    [LoggerMessage(2901, LogLevel.Debug, "Request cut off: {Detail}")]
    private partial void LogCut(string detail);

    [LoggerMessage(2902, LogLevel.Error, "Fault while answering")]
    private partial void LogFault(Exception exception);
}
