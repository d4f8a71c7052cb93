using TunnelAspire.Http.Identity;

namespace TunnelAspire.Tests.Harness;

/// <summary>As <see cref="TunnelHosts"/>, with callers that are known by tokens, and a cluster key.</summary>
public sealed class GuardedHosts : TunnelHosts
{
    public const string ClusterKey = "the-cluster-key-of-these-tests-00";

    public static readonly string Ann = StaticTokens.Fresh();
    public static readonly string Bob = StaticTokens.Fresh();

    /// <summary>One that has expired.</summary>
    public static readonly string Late = StaticTokens.Fresh();

    protected override Dictionary<string, string?> Settings => new()
    {
        ["Cluster:Key"] = ClusterKey,
        ["Identity:Tokens:0"] = $"{StaticTokens.Line("ann", Ann, null, ["dba", "ops"])};{StaticTokens.Line("bob", Bob, null, [])}",
        ["Identity:Tokens:1"] = StaticTokens.Line("late", Late, DateTimeOffset.UnixEpoch, []),
    };

    public static (string Name, string Value) Bearer(string token) => ("Authorization", $"Bearer {token}");
}
