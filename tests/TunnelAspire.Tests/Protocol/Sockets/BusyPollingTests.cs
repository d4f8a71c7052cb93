using TunnelAspire.Protocol.Sockets;

namespace TunnelAspire.Tests.Protocol.Sockets;

public sealed class BusyPollingTests
{
    private readonly BusyPolling _polling = new(TimeSpan.FromMicroseconds(200));

    [Theory]
    [InlineData(null, false, 200)]
    [InlineData(null, true, null)]
    [InlineData("0", false, null)]
    [InlineData("50", false, 50)]
    [InlineData("50", true, 50)]
    [InlineData("1000", true, 1000)]
    [InlineData("1001", false, 200)]
    [InlineData("1001", true, null)]
    [InlineData("-1", false, 200)]
    [InlineData("some", false, 200)]
    public void Choose_AVariableAndALimit_IsTheTime(string? variable, bool limited, int? microseconds) =>
        Assert.Equal(microseconds, BusyPolling.Choose(variable, limited)?.TotalMicroseconds is { } time ? (int)time : null);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("1000")]
    public void Require_WhatItTakes_Passes(string? variable) => BusyPolling.Require(variable);

    [Theory]
    [InlineData("1001")]
    [InlineData("-1")]
    [InlineData("0.5")]
    [InlineData("some")]
    public void Require_AnythingElse_NamesIt(string variable)
    {
        FormatException refusal = Assert.Throws<FormatException>(() => BusyPolling.Require(variable));
        Assert.Equal($"TUNNEL_BUSY_POLL_MICROSECONDS is '{variable}': it takes whole microseconds, 0 to 1000", refusal.Message);
    }

    [Fact]
    public void PaysOff_EnoughShortWaits_Is()
    {
        Short(BusyPolling.Fewest - 1);
        Assert.False(_polling.PaysOff);
        Short(1);
        Assert.True(_polling.PaysOff);
    }

    [Fact]
    public void PaysOff_ALongWait_BeginsAnew()
    {
        Short(BusyPolling.Fewest - 1);
        _polling.Waited(_polling.Ticks + 1);
        Short(BusyPolling.Fewest - 1);
        Assert.False(_polling.PaysOff);
        Short(1);
        Assert.True(_polling.PaysOff); // it had not begun: it was not in vain
    }

    [Fact]
    public void PaysOff_InVain_NeedsTwiceAsManyEachTime()
    {
        for (int needed = BusyPolling.Fewest; needed < 4 * BusyPolling.Most; needed *= 2)
        {
            Short(Math.Min(needed, BusyPolling.Most) - 1);
            Assert.False(_polling.PaysOff);
            Short(1);
            Assert.True(_polling.PaysOff);
            _polling.Waited(_polling.Ticks + 1);
            Assert.False(_polling.PaysOff);
        }
    }

    [Fact]
    public void PaysOff_NotInVainAgain_NeedsFewAgain()
    {
        for (int needed = BusyPolling.Fewest; needed < BusyPolling.Most; needed *= 2)
        {
            Short(needed);
            _polling.Waited(_polling.Ticks + 1);
        }

        for (int needed = BusyPolling.Most; needed > BusyPolling.Fewest; needed /= 2)
        {
            Short(2 * needed);
            _polling.Waited(_polling.Ticks + 1);
        }

        Short(BusyPolling.Fewest);
        Assert.True(_polling.PaysOff);
    }

    [Fact]
    public void PaysOff_NotInVainForAWhile_NeedsAsManyAsBefore()
    {
        Short(2 * BusyPolling.Fewest - 1);
        _polling.Waited(_polling.Ticks + 1);
        Short(2 * BusyPolling.Fewest - 1);
        Assert.False(_polling.PaysOff);
        Short(1);
        Assert.True(_polling.PaysOff);
        Short(BusyPolling.Fewest);
        _polling.Waited(_polling.Ticks + 1);
        Short(2 * BusyPolling.Fewest - 1);
        Assert.False(_polling.PaysOff);
        Short(1);
        Assert.True(_polling.PaysOff);
    }

    [Fact]
    public void PaysOff_ATransfer_Not()
    {
        Short(BusyPolling.Fewest);
        _polling.Received(BusyPolling.LargestMessage);
        Assert.True(_polling.PaysOff);
        _polling.Received(BusyPolling.LargestMessage + 1);
        Assert.False(_polling.PaysOff);
    }

    private void Short(int times)
    {
        for (int i = 0; i < times; i++)
        {
            _polling.Waited(_polling.Ticks);
        }
    }
}
