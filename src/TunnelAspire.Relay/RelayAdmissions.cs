using TunnelAspire.Http.Identity;
using TunnelAspire.Http.Limits;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Relay;

/// <summary>What a request must show before the relay does anything for it: who asks, at an open; the session's token, at every other.</summary>
public sealed class RelayAdmissions(Callers callers, RequestLimits limits, SessionTokens tokens, ClusterKeys keys, LocalConnector? local = null)
{
    /// <summary>Establishes the caller of an open, and counts it for that caller.</summary>
    /// <exception cref="TunnelException"><see cref="TunnelError.Unauthenticated"/>, <see cref="TunnelError.IdentityUnavailable"/>, or a limit is reached.</exception>
    public async Task RequireOpenAsync(HttpContext context)
    {
        await callers.RequireAsync(context);
        limits.AdmitOpen(context);
    }

    /// <summary>
    /// Refuses a request without the session's token, before anything is looked up: so nothing, not even the time that the answer
    /// takes, tells whether there is such a session. Without a cluster key, a relay with no connector beside it cannot know the
    /// token, and the connector refuses.
    /// </summary>
    /// <exception cref="TunnelException"><see cref="TunnelError.SessionUnknown"/>.</exception>
    public void RequireToken(HttpContext context, SessionId session)
    {
        string? token = context.Request.Headers[TunnelHeaders.Token];
        bool checkable = keys.Any || local is not null;
        if (string.IsNullOrEmpty(token) || (checkable && !tokens.Admits(session, token)))
        {
            throw new TunnelException(TunnelError.SessionUnknown, "no such session");
        }

        if (local is not null)
        {
            context.Features.Set(ShownToken.Instance);
        }
    }
}
