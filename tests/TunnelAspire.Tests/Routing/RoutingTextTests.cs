using TunnelAspire.Protocol.Wire;
using TunnelAspire.Routing;

namespace TunnelAspire.Tests.Routing;

/// <summary>What is in Redis, where a cluster key seals it.</summary>
public sealed class RoutingTextTests
{
    private static readonly ConnectorAddress Address = new("connector-0", 17, new Uri("http://connector-0:8080"));
    private static readonly RoutingText Sealed = new(new ClusterKeys("the first key, of 32 characters!"));
    private static readonly RoutingText Bare = new(new ClusterKeys());
    private static readonly RoutingText Other = new(new ClusterKeys("the second key, of 33 characters!"));

    [Fact]
    public void Read_OfWhatWasSealed_GivesItBack()
    {
        Assert.Equal(Address, Sealed.ReadRoute(Sealed.Write(Address)));
        Assert.Equal(new ConnectorStatus(Address, 3, true), Sealed.ReadStatus("connector-0", Sealed.Write(new ConnectorStatus(Address, 3, true))));
    }

    [Fact]
    public void Read_OfWhatSomebodyElseWrote_FindsNothing()
    {
        string route = Sealed.Write(Address);
        string status = Sealed.Write(new ConnectorStatus(Address, 3, false));
        string?[] routes =
        [
            null, "", Bare.Write(Address), Other.Write(Address), route[..^1], route.Replace("8080", "8081", StringComparison.Ordinal),
            route.Replace("|17|", "|18|", StringComparison.Ordinal), status, $"{Bare.Write(Address)}|seal=",
        ];

        Assert.All(routes, text => Assert.Null(Sealed.ReadRoute(text)));
        Assert.Null(Sealed.ReadStatus("connector-1", status)); // another's entry under this name
        Assert.Null(Sealed.ReadStatus("connector-0", status.Replace("|3|", "|0|", StringComparison.Ordinal)));
        Assert.Null(Sealed.ReadStatus("connector-0", Bare.Write(new ConnectorStatus(Address, 3, false))));
    }

    [Fact]
    public void Read_WithoutAKey_PassesOverTheSeal() => Assert.Equal(Address, Bare.ReadRoute(Sealed.Write(Address)));
}
