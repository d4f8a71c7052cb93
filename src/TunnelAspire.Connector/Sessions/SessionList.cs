using TunnelAspire.Http;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector.Sessions;

/// <summary><c>GET /sessions</c>: for operators, on the inner network only; relays do not forward it.</summary>
public sealed class SessionList(SessionTable sessions, ConnectorIdentity identity, RelayAdmission relays)
{
    /// <summary>Maps it.</summary>
    public void Map(IEndpointRouteBuilder app) => app.MapGet("/sessions", ListAsync);

    private Task ListAsync(HttpContext context) => relays.MayList(context)
        ? context.Response.WriteAsJsonAsync(sessions.Open.Select(session => SessionView.Of(session, identity.Address.Name)), SessionViews.Default.IEnumerableSessionView)
        : TunnelAnswers.FailAsync(context, TunnelError.UntrustedRelay, $"the header {TunnelHeaders.Proof} must be the cluster key's signature for '{RelayAdmission.ListPurpose}'");
}
