using TunnelAspire.Agent.Paths;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Agent.Paths;

public sealed class PartLagTests
{
    private static readonly TimeSpan[] Left = [.. Milliseconds(0, 300, 600)];

    [Fact]
    public void Lag_OfADirectPath_IsSmall() => Assert.True(PartLag.Of(Left, [.. Milliseconds(5, 303, 604)]) < PartLag.Tolerated);

    [Fact]
    public void Lag_OfAPathThatHoldsAll_IsTheWholeTime() => Assert.Equal(600, PartLag.Of(Left, [.. Milliseconds(600, 600, 600)]).TotalMilliseconds);

    [Fact]
    public void Lag_OfAPathThatCorks_ShowsInTheMiddle() => Assert.False(PartLag.Of(Left, [.. Milliseconds(0, 500, 601)]) < PartLag.Tolerated);

    [Fact]
    public void Arrivals_OfJoinedParts_AreCountedApart() => Assert.Equal(
        Milliseconds(0, 600, 600),
        PartLag.Arrivals(new PathArrivals("", "", null, null, 192, [new PathPart(0, 64), new PathPart(600, 128)]), 3, 64));

    [Fact]
    public void Arrivals_OfASplitPart_CountWhenItIsWhole() => Assert.Equal(
        Milliseconds(40),
        PartLag.Arrivals(new PathArrivals("", "", null, null, 64, [new PathPart(0, 10), new PathPart(40, 54)]), 1, 64));

    private static IEnumerable<TimeSpan> Milliseconds(params int[] values) => values.Select(value => TimeSpan.FromMilliseconds(value));
}
