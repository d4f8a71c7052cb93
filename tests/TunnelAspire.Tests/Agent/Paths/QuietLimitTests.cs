using Microsoft.Extensions.Time.Testing;
using TunnelAspire.Agent.Paths;

namespace TunnelAspire.Tests.Agent.Paths;

public sealed class QuietLimitTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly QuietLimit _limit;

    public QuietLimitTests() => _limit = new QuietLimit(_time);

    [Fact]
    public void Cut_Once_ChangesNothing()
    {
        Assert.False(Cut(10));
        Assert.Equal(TimeSpan.MaxValue, _limit.Hold);
    }

    [Fact]
    public void Cut_TwiceAfterTheSameWait_ShortensToTwoThirds()
    {
        Cut(15);

        Assert.True(Cut(15.4));
        Assert.InRange(_limit.Hold.TotalSeconds, 10, 10.4);
    }

    [Fact]
    public void Cut_TwiceAtOnce_IsOneEvent()
    {
        Cut(15);

        Assert.False(_limit.Cut(TimeSpan.FromSeconds(15)));
        Assert.Equal(TimeSpan.MaxValue, _limit.Hold);
    }

    [Fact]
    public void Cut_AfterDifferentWaits_ChangesNothing()
    {
        Cut(5);
        Cut(12);
        Cut(20);

        Assert.Equal(TimeSpan.MaxValue, _limit.Hold);
    }

    [Fact]
    public void Cut_Soon_IsNoLimit()
    {
        Cut(2);
        Cut(2);

        Assert.Equal(TimeSpan.MaxValue, _limit.Hold);
    }

    [Fact]
    public void Hold_IsNeverUnderFiveSeconds()
    {
        Cut(4);
        Cut(4);

        Assert.Equal(5, _limit.Hold.TotalSeconds);
    }

    [Fact]
    public void Passed_AfterAWhile_TriesLonger()
    {
        Cut(15);
        Cut(15);
        Assert.False(_limit.Passed());

        _time.Advance(TimeSpan.FromMinutes(10));

        Assert.True(_limit.Passed());
        Assert.Equal(15, _limit.Hold.TotalSeconds);
        Assert.False(_limit.Passed());
    }

    private bool Cut(double seconds)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        return _limit.Cut(TimeSpan.FromSeconds(seconds));
    }
}
