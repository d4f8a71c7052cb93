using System.Net;
using System.Net.Sockets;
using TunnelAspire.Http.Identity;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector.Policy;

/// <summary>What was decided on a caller's wish to reach a target.</summary>
/// <param name="Target">The target.</param>
/// <param name="Verdicts">What was decided at each of its addresses, in the resolver's order; at least one.</param>
/// <param name="Unresolved">Why its name has no address; null where it has, or was not asked for.</param>
public sealed record Decision(TargetAddress Target, IReadOnlyList<Verdict> Verdicts, SocketException? Unresolved = null)
{
    /// <summary>The verdict that counts: that of the first address that is allowed, else that of the first one.</summary>
    public Verdict Verdict { get; } = Verdicts.FirstOrDefault(verdict => verdict.Allowed) ?? Verdicts[0];

    /// <summary>Whether the target may be dialled.</summary>
    public bool Allowed => Verdict.Allowed;

    /// <summary>Where it may be dialled: at the addresses that the deciding rule itself allows, so that one rule's terms hold.</summary>
    public IReadOnlyList<EndPoint> Places => !Allowed ? []
        : Target.IsUnix ? [new UnixDomainSocketEndPoint(Target.Host)]
        : [.. Verdicts.Where(verdict => verdict.Rule == Verdict.Rule && verdict.Address is not null).Select(verdict => new IPEndPoint(verdict.Address!, Target.Port))];

    /// <summary>Decides. A name is resolved once, here: what was checked is what is dialled.</summary>
    public static async Task<Decision> MakeAsync(AccessPolicy policy, Caller caller, TargetAddress target, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(target.Host, out IPAddress? literal) && !target.IsUnix)
        {
            return new Decision(target, [policy.Judge(caller, target, literal)]);
        }

        AccessPolicy.Reach reach = policy.ReachOf(caller, target);
        if (target.IsUnix || reach == AccessPolicy.Reach.Never)
        {
            return new Decision(target, [policy.Judge(caller, target, null)]);
        }

        try
        {
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(target.Host, cancellationToken);
            return addresses.Length > 0
                ? new Decision(target, [.. addresses.Select(address => policy.Judge(caller, target, address))])
                : throw new SocketException((int)SocketError.HostNotFound);
        }
        catch (SocketException e)
        {
            // A name that no pattern names is refused the same whether it resolves or not: the answer is no directory of names.
            return new Decision(target, [policy.Judge(caller, target, null)], reach == AccessPolicy.Reach.ByName ? e : null);
        }
    }
}
