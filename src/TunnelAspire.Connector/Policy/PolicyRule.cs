using TunnelAspire.Connector.Targets;
using TunnelAspire.Http.Identity;

namespace TunnelAspire.Connector.Policy;

/// <summary>One rule of a policy: for whom it is, which targets it allows or denies, and on what terms.</summary>
public sealed class PolicyRule
{
    /// <summary>Names everyone in <see cref="Callers"/>.</summary>
    public const string Everyone = "*";

    /// <summary>Names the rule in logs and records; unique in its policy.</summary>
    public required string Name { get; init; }

    /// <summary>Callers that it is for, by name.</summary>
    public required IReadOnlyList<string> Callers { get; init; }

    /// <summary>Roles that it is for.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>The targets.</summary>
    public required IReadOnlyList<TargetPattern> Targets { get; init; }

    /// <summary>Whether it denies its targets.</summary>
    public bool Denies { get; init; }

    /// <summary>Limits of what it allows.</summary>
    public SessionTerms Terms { get; init; } = SessionTerms.Unlimited;

    /// <summary>Whether it is for this caller.</summary>
    public bool IsFor(Caller caller) =>
        Callers.Any(name => name == Everyone || name == caller.Name) || Roles.Any(role => caller.Roles.Contains(role, StringComparer.Ordinal));
}
