using TunnelAspire.Http.Identity;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Routing;

namespace TunnelAspire.Connector;

/// <summary>Lets only relays of the connector's own cluster speak to it. Where there is no cluster key, whoever reaches it is taken for one.</summary>
public sealed class RelayAdmission(RelayProofs proofs, ClusterKeys keys, ConnectorIdentity identity)
{
    /// <summary>What signs the operator's request for the list of sessions.</summary>
    public const string ListPurpose = "sessions";

    /// <summary>Whether the request is from a relay that has proved itself; without a cluster key none can.</summary>
    public bool IsProved(HttpContext context) => proofs.Required && IsAdmitted(context);

    /// <summary>Takes a relay's word for who the caller is.</summary>
    /// <exception cref="TunnelException"><see cref="TunnelError.UntrustedRelay"/>: it is no relay's.</exception>
    public void Require(HttpContext context)
    {
        if (proofs.Required && !IsAdmitted(context))
        {
            throw new TunnelException(TunnelError.UntrustedRelay, "a connector answers relays of its own cluster only: both need the same cluster key");
        }

        CallerHeaders.Establish(context);
    }

    /// <summary>Whether the request may see the list of sessions.</summary>
    public bool MayList(HttpContext context) => !keys.Any || keys.Verifies(ListPurpose, "", context.Request.Headers[TunnelHeaders.Proof]);

    private bool IsAdmitted(HttpContext context) =>
        proofs.Admits(identity.Address, context.Request.Headers[TunnelHeaders.Proof], context.Request.Headers[TunnelHeaders.Epoch]);
}
