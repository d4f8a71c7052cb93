using System.Net;
using TunnelAspire.Connector.Targets;
using TunnelAspire.Http.Identity;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector.Policy;

/// <summary>
/// Rules in order. The first one that is for the caller and has a pattern for the target decides; where there is none, the target
/// is refused. docs/decisions/0015 says why the order decides.
/// </summary>
/// <param name="rules">The rules, the first one first.</param>
public sealed class AccessPolicy(IReadOnlyList<PolicyRule> rules)
{
    /// <summary>What must be known of a target before it can be decided on.</summary>
    public enum Reach
    {
        /// <summary>No address could make it allowed: it is not even resolved.</summary>
        Never,

        /// <summary>Only what it resolves to can make it allowed; whether it resolves is nobody's business.</summary>
        ByAddress,

        /// <summary>Its name, or its path, is allowed; an address may still be denied.</summary>
        ByName,
    }

    /// <summary>The rules, the first one first.</summary>
    public IReadOnlyList<PolicyRule> Rules => rules;

    /// <summary>What must be known of the target: asked before its name is resolved.</summary>
    public Reach ReachOf(Caller caller, TargetAddress target)
    {
        Reach reach = Reach.Never;
        foreach (PolicyRule rule in rules.Where(rule => rule.IsFor(caller)))
        {
            bool named = rule.Targets.Any(pattern => pattern.AllowsName(target) || pattern.AllowsPath(target));
            if (named)
            {
                return rule.Denies ? reach : Reach.ByName;
            }

            if (!rule.Denies && rule.Targets.Any(pattern => pattern.MayAllow(target)))
            {
                reach = Reach.ByAddress;
            }
        }

        return reach;
    }

    /// <summary>Decides on the target at one of its addresses; at none, where it is a unix socket, or where it could never be allowed.</summary>
    public Verdict Judge(Caller caller, TargetAddress target, IPAddress? address)
    {
        IPAddress? plain = address is null ? null : ProtectedAddresses.Plain(address);
        ProtectedRange? range = plain is null ? null : ProtectedAddresses.Find(plain);
        bool passedOver = false;
        foreach (PolicyRule rule in rules.Where(rule => rule.IsFor(caller)))
        {
            foreach (TargetPattern pattern in rule.Targets)
            {
                if (!(rule.Denies ? Denies(pattern, target, plain) : pattern.Allows(target, plain)))
                {
                    continue;
                }

                if (rule.Denies || range is null || pattern.Names(range.Network))
                {
                    return new Verdict(address, rule, pattern, null);
                }

                passedOver = true;
            }
        }

        return new Verdict(address, null, null, passedOver ? range!.Kind : null);
    }

    /// <summary>A denied network is denied as well where an IPv6 address leads into it.</summary>
    private static bool Denies(TargetPattern pattern, TargetAddress target, IPAddress? address) =>
        pattern.Allows(target, address) || (address is not null && ProtectedAddresses.Inner(address) is { } inner && pattern.Allows(target, inner));
}

/// <summary>What was decided on a target at one address.</summary>
/// <param name="Address">The address; null for a unix socket, and where none was asked for.</param>
/// <param name="Rule">The rule that decides; null where none does, and so refuses.</param>
/// <param name="Pattern">The rule's pattern that fits.</param>
/// <param name="Unnamed">Patterns that would have allowed it do not name it, and it is this kind of a protected address; else null.</param>
public sealed record Verdict(IPAddress? Address, PolicyRule? Rule, TargetPattern? Pattern, string? Unnamed)
{
    /// <summary>Whether the target is allowed at this address.</summary>
    public bool Allowed => Rule is { Denies: false };
}
