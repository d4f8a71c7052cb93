using TunnelAspire.Agent.Doctor;

namespace TunnelAspire.Tests.Agent.Doctor;

public sealed class SizeSearchTests
{
    private const long Kibi = 1024;
    private const long Mebi = 1024 * Kibi;

    [Theory]
    [InlineData(1 * Mebi, 1 * Mebi, 2 * Mebi)] // nginx
    [InlineData(2 * Mebi, 2 * Mebi, 4 * Mebi)]
    [InlineData(3 * Mebi, 2 * Mebi, 4 * Mebi)]
    [InlineData((64 * Mebi) - 1, 32 * Mebi, 64 * Mebi)]
    [InlineData(128 * Kibi, 128 * Kibi, 256 * Kibi)]
    [InlineData(64 * Kibi, 64 * Kibi, 128 * Kibi)]
    [InlineData(32 * Kibi, 32 * Kibi, 64 * Kibi)]
    [InlineData(8 * Kibi, 8 * Kibi, 16 * Kibi)]
    [InlineData(4 * Kibi, 4 * Kibi, 8 * Kibi)]
    [InlineData(Kibi, 0, 4 * Kibi)]
    [InlineData(0, 0, 4 * Kibi)]
    public async Task Search_OfAPathWithALimit_EndsWithinAFactorOfTwoBelowIt(long limit, long largest, long refused)
    {
        SizeLimit found = await SearchAsync(limit, TimeSpan.FromMinutes(1));

        Assert.Equal(new SizeLimit(largest, refused, "413"), found);
    }

    [Fact]
    public async Task Search_OfAPathWithoutALimit_EndsAtWhatARelayTakes() =>
        Assert.Equal(new SizeLimit(SizeSearch.Most, null, null), await SearchAsync(long.MaxValue, TimeSpan.FromMinutes(1)));

    [Fact]
    public async Task Search_WithoutTimeLeft_IsContentWithWhatPassed() =>
        Assert.Equal(new SizeLimit(64 * Kibi, null, null), await SearchAsync(long.MaxValue, TimeSpan.Zero));

    private static Task<SizeLimit> SearchAsync(long limit, TimeSpan budget) =>
        new SizeSearch((size, _) => Task.FromResult(size <= limit ? null : "413"), budget).RunAsync(CancellationToken.None);
}
