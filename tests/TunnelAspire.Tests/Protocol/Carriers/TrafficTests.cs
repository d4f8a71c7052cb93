using TunnelAspire.Protocol.Carriers;

namespace TunnelAspire.Tests.Protocol.Carriers;

public sealed class TrafficTests
{
    private const int Light = 1024; // bytes: under what fills a packet

    private readonly Traffic _traffic = new();

    [Fact]
    public void Traffic_AtItsBeginning_IsLight() => Assert.True(_traffic.IsLight);

    [Fact]
    public void SmallParts_HoweverMany_AreLight()
    {
        for (int i = 0; i < 10_000; i++)
        {
            _traffic.Carried(Light);
            Assert.True(_traffic.IsLight);
        }
    }

    [Fact]
    public void PartsThatFillPackets_AreSoonATransfer()
    {
        int parts = 0;
        for (; _traffic.IsLight && parts < 100; parts++)
        {
            _traffic.Carried(1448);
        }

        Assert.InRange(parts, 2, 20); // one alone is none
    }

    [Fact]
    public void OneLargePart_IsATransfer_AndManySmallOnesAreNone()
    {
        _traffic.Carried(1024 * 1024);
        Assert.False(_traffic.IsLight);

        int parts = 0;
        for (; !_traffic.IsLight && parts < 1000; parts++)
        {
            _traffic.Carried(1);
        }

        Assert.InRange(parts, 10, 100);
    }

    [Fact]
    public void Parts_OfAnySize_NeverOverflow()
    {
        for (int i = 0; i < 1000; i++)
        {
            _traffic.Carried(int.MaxValue);
        }

        Assert.False(_traffic.IsLight);
    }
}
