using TunnelAspire.Memory;

namespace TunnelAspire.Tests.Memory;

public sealed class QuietnessTests
{
    private const long MiB = 1 << 20;
    private const double Busy = 0.5;
    private const double Quiet = 0.01;

    private readonly Quietness _quietness = new();

    [Fact]
    public void Collection_OfAProcessThatWorks_IsNeverDue() => Assert.All(Look(20, Busy, 500 * MiB), Assert.False);

    [Fact]
    public void Collection_OfAProcessThatIsQuietOnlyBetweenBursts_IsNeverDue()
    {
        for (int i = 0; i < 10; i++)
        {
            Assert.All([.. Look(1, Quiet, 500 * MiB), .. Look(1, Busy, 500 * MiB)], Assert.False);
        }
    }

    [Fact]
    public void Collection_AfterWork_IsDueSoon_AndOnceMoreForThePools()
    {
        Look(5, Busy, 200 * MiB);
        Assert.Equal([false, true], Look(2, Quiet, 200 * MiB));
        _quietness.Collected(50 * MiB);
        Assert.Equal([false, false, false, false, false, false, true], Look(7, Quiet, 50 * MiB));
        _quietness.Collected(40 * MiB);
        Assert.All(Look(1000, Quiet, 45 * MiB), Assert.False);
    }

    [Fact]
    public void Collection_OfAHeapThatGrowsByLittle_IsNotDue()
    {
        Look(2, Quiet, 400 * MiB);
        _quietness.Collected(400 * MiB);
        Look(7, Quiet, 400 * MiB);
        _quietness.Collected(400 * MiB);
        Assert.All(Look(5, Quiet, 900 * MiB), Assert.False);
        Assert.All(Look(100, Quiet, 490 * MiB), Assert.False);
        Assert.Contains(true, Look(1, Quiet, 510 * MiB));
    }

    private bool[] Look(int times, double share, long held) => [.. Enumerable.Range(0, times).Select(_ => _quietness.IsCollectionDue(share, held))];
}
