using Microsoft.Extensions.Options;
using TunnelAspire.Connector.Policy;
using TunnelAspire.Connector.Targets;
using TunnelAspire.Protocol.Sockets;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector.Sessions;

/// <summary>A connected target, and the place among its caller's sessions that goes with it.</summary>
/// <param name="Socket">The target's socket.</param>
/// <param name="Grant">The place; whoever lets go of the socket gives it back.</param>
public readonly record struct Admitted(ReadySocket Socket, SessionGrant Grant);

/// <summary>Decides on an open by the policy, counts it among its caller's sessions, and connects to its target, in this order.</summary>
public sealed class Admission(PolicySource policy, CallerQuotas quotas, IOptions<ConnectorOptions> options)
{
    private readonly TimeSpan _timeout = options.Value.ConnectTimeout;

    /// <summary>Admits the open.</summary>
    /// <exception cref="TunnelException">The target is forbidden, has no address, refuses, or does not answer in time; the caller has too many sessions.</exception>
    public async Task<Admitted> AdmitAsync(Opening opening, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_timeout);
        try
        {
            Decision decision = await Decision.MakeAsync(policy.Current, opening.Caller, opening.Target, limit.Token);
            opening.Decision = decision;
            return decision.Allowed
                ? await DialAsync(decision, quotas.Enter(decision.Verdict.Rule!, opening.Caller), limit.Token)
                : throw new TunnelException(TunnelError.ForbiddenTarget, $"{opening.Target} is not among the allowed targets");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time limit's cancellation, not the caller's.
            throw new TunnelException(TunnelError.TargetTimedOut, $"{opening.Target} did not answer within {_timeout.TotalSeconds:0.#} s");
        }
    }

    private static async Task<Admitted> DialAsync(Decision decision, SessionGrant grant, CancellationToken cancellationToken)
    {
        try
        {
            return new Admitted(await TargetDialer.DialAsync(decision, cancellationToken), grant);
        }
        catch
        {
            grant.Dispose();
            throw;
        }
    }
}
