using System.Net.Sockets;
using TunnelAspire.Http;
using TunnelAspire.Http.Identity;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector.Sessions;

/// <summary>Leads requests to the sessions that they name and have the token of, and tells how one ended that is not there any more.</summary>
public sealed class SessionAccess(SessionTable sessions, ConnectorIdentity identity, SessionTokens tokens)
{
    /// <summary>The session that the request names and is admitted to. A wrong token and an unknown session look the same.</summary>
    internal TargetSession Admit(HttpContext context)
    {
        SessionId id = TunnelRequests.Session(context);
        RequireThisRun(context, otherwise: TunnelError.SessionGone);
        if (context.Features.Get<ShownToken>() is null && !tokens.Admits(id, context.Request.Headers[TunnelHeaders.Token]))
        {
            throw new TunnelException(TunnelError.SessionUnknown, "no such session");
        }

        context.Response.Headers[TunnelHeaders.Session] = id.ToString();
        TargetSession session = sessions.Find(id) ?? throw Gone(context, id);
        session.Touch(context.Request.Headers[TunnelHeaders.Relay]);
        return session;
    }

    /// <summary>A relay that means an earlier run of this connector means sessions that ended with it; an open can be repeated elsewhere.</summary>
    internal void RequireThisRun(HttpContext context, TunnelError otherwise)
    {
        string? epoch = context.Request.Headers[TunnelHeaders.Epoch];
        if (epoch is not null && epoch != WireText.Format(identity.Address.Epoch))
        {
            throw new TunnelException(otherwise, $"connector {identity.Address.Name} has been restarted since the relay heard of it");
        }
    }

    /// <summary>Runs what touches the byte machine, and ends the session where that shows that it must end.</summary>
    internal async Task<T> RunAsync<T>(HttpContext context, TargetSession session, Func<Task<T>> exchange)
    {
        try
        {
            return await exchange();
        }
        catch (TunnelException e) when (e.Error == TunnelError.Malformed)
        {
            sessions.End(session, SessionEndReason.ProtocolError);
            throw;
        }
        catch (Exception e) when (session.Ended && e is not BadHttpRequestException)
        {
            throw Gone(context, session.Id, e);
        }
        catch (SocketException e)
        {
            sessions.End(session, SessionEndReason.TargetReset);
            throw new TunnelException(TunnelError.TargetReset, $"{session.Target}: {e.Message}", e);
        }
    }

    /// <summary>The session has ended; where that was in order, the answer tells where its streams did.</summary>
    private TunnelException Gone(HttpContext context, SessionId id, Exception? cause = null)
    {
        (Completion? completed, TimeSpan? expired) = sessions.FindEnding(id);
        if (completed is { } completion && !context.Response.HasStarted)
        {
            context.Response.Headers[TunnelHeaders.Ack] = WireText.Format(completion.Ack);
            context.Response.Headers[TunnelHeaders.Fin] = WireText.Format(completion.Fin);
        }

        return expired is { } lifetime
            ? new TunnelException(TunnelError.SessionExpired, $"the session has lasted {lifetime:c}, as long as its rule lets it", cause)
            : new TunnelException(TunnelError.SessionGone, "the session has ended", cause);
    }
}
