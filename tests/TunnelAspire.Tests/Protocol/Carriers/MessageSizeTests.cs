using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Protocol.Carriers;

public sealed class MessageSizeTests
{
    private const int Most = 64 * 1024;
    private const int Smallest = 4 * 1024;

    private static readonly CarrierException Lost = new(CarrierFault.Lost, "");
    private static readonly CarrierException TooLarge = new(CarrierFault.TooLarge, "");
    private static readonly TunnelException BodyTooLarge = new(TunnelError.BodyTooLarge, "");

    private readonly MessageSize _size = new(Most);

    [Fact]
    public void Current_AtFirst_IsTheMost() => Assert.Equal(Most, _size.Current);

    [Fact]
    public void Passed_AtTheMost_ChangesNothing()
    {
        _size.Passed();

        Assert.Equal(Most, _size.Current);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Failed_AFewTimes_ChangesNothing(int failures)
    {
        _size.Failed(Lost, failures, _size.Current);

        Assert.Equal(Most, _size.Current);
    }

    [Fact]
    public void Failed_ManyTimesInARow_HalvesDownToTheSmallest()
    {
        _size.Failed(Lost, 3, _size.Current);
        Assert.Equal(Most / 2, _size.Current);

        for (int failures = 4; failures < 20; failures++)
        {
            _size.Failed(Lost, failures, _size.Current);
        }

        Assert.Equal(Smallest, _size.Current);
    }

    [Fact]
    public void Passed_AfterLosses_DoublesUpToTheMost()
    {
        _size.Failed(Lost, 3, _size.Current);
        _size.Failed(Lost, 4, _size.Current);
        _size.Passed();
        Assert.Equal(Most / 2, _size.Current);

        _size.Passed();
        _size.Passed();

        Assert.Equal(Most, _size.Current);
    }

    [Fact]
    public void Failed_ForItsSize_HalvesForGood()
    {
        _size.Failed(TooLarge, 0, _size.Current);
        Assert.Equal(Most / 2, _size.Current);

        _size.Failed(BodyTooLarge, 0, _size.Current);
        _size.Passed();

        Assert.Equal(Most / 4, _size.Current);
    }

    [Fact]
    public void Passed_AfterARefusalAndLosses_StaysWithinWhatWasRefused()
    {
        _size.Failed(TooLarge, 0, _size.Current);
        _size.Failed(Lost, 3, _size.Current);
        Assert.Equal(Most / 4, _size.Current);

        _size.Passed();
        _size.Passed();

        Assert.Equal(Most / 2, _size.Current);
    }

    [Fact]
    public void Failed_OfAMostBelowTheSmallest_LeavesIt()
    {
        MessageSize small = new(100);

        small.Failed(TooLarge, 0, small.Current);
        small.Failed(Lost, 9, small.Current);

        Assert.Equal(100, small.Current);
    }

    [Fact]
    public void Passed_AtAnOddSize_EndsAtTheMostExactly()
    {
        MessageSize odd = new(100_001);
        odd.Failed(Lost, 3, odd.Current);

        odd.Passed();
        Assert.Equal(100_000, odd.Current);

        odd.Passed();
        Assert.Equal(100_001, odd.Current);
    }
}
