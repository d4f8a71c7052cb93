using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Http;

/// <summary>Turns what a tunnel endpoint throws into its answer. The endpoints themselves answer only what went well.</summary>
public sealed partial class TunnelErrorMiddleware(RequestDelegate next, ILogger<TunnelErrorMiddleware> logger)
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
            await TunnelAnswers.FailAsync(context, e.Error, e.Message);
        }
        catch (Exception e) when (e is BadHttpRequestException || (e is IOException && !context.RequestAborted.IsCancellationRequested))
        {
            // A body whose framing is wrong, or that broke off: whoever still listens is told.
            LogCut(e.Message);
            await TunnelAnswers.FailAsync(context, TunnelError.Malformed, e.Message);
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

    private static bool IsTunnels(PathString path) =>
        path.StartsWithSegments(TunnelPaths.Sessions, StringComparison.Ordinal) || path.StartsWithSegments(TunnelPaths.Path, StringComparison.Ordinal);

    /// <summary>What routing refused without a body gets the protocol's own answer.</summary>
    private static Task AnswerUnroutedAsync(HttpContext context) => context.Response switch
    {
        { HasStarted: true } => Task.CompletedTask,
        { StatusCode: StatusCodes.Status405MethodNotAllowed } =>
            TunnelAnswers.FailAsync(context, TunnelError.MethodNotAllowed, $"{context.Request.Path} does not take {context.Request.Method}"),
        { StatusCode: StatusCodes.Status404NotFound } =>
            TunnelAnswers.FailAsync(context, TunnelError.SessionUnknown, "no such session, and nothing else at this path"),
        _ => Task.CompletedTask,
    };

    [LoggerMessage(2900, LogLevel.Debug, "Refused: {Code}: {Detail}")]
    private partial void LogRefused(string code, string detail);

    [LoggerMessage(2901, LogLevel.Debug, "Request cut off: {Detail}")]
    private partial void LogCut(string detail);

    [LoggerMessage(2902, LogLevel.Error, "Fault while answering")]
    private partial void LogFault(Exception exception);
}
