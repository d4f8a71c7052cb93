using Xunit;

namespace TunnelAspire.IntegrationTests.Paths;

/// <summary>Bytes through each proxy, whatever it does to requests and answers.</summary>
public sealed class PathTests(PathsInTest paths) : IClassFixture<PathsInTest>
{
    private const int TwentyMegabytes = 20_000_000;

    public static TheoryData<string> Proxies => [.. ProxyProgram.All.Select(program => program.Name)];

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task Auto_ChoosesModes_EchoesAndCarriesBothWays(string proxy)
    {
        await using PathConnection connection = await paths.ConnectAsync(proxy, "auto");
        await connection.EchoAsync(1); // by what works anywhere, until the path has been measured
        Assert.Contains(ProxyProgram.Named(proxy).Modes, await connection.MeasuredAsync(), StringComparison.Ordinal);
        await connection.EchoAsync(20);
        await connection.TransferAsync(TwentyMegabytes);
    }

    /// <summary>Where a mode does not suit the path it may be slow, but it loses nothing. Side by side, since then most of it is waiting.</summary>
    [Theory]
    [InlineData("poll")]
    [InlineData("burst")]
    [InlineData("stream")]
    public Task ForcedMode_CarriesBothWays_ThroughEveryProxyAtOnce(string mode) =>
        Task.WhenAll(ProxyProgram.All.Select(program => CarryAsync(program.Name, mode)));

    private async Task CarryAsync(string proxy, string mode)
    {
        await using PathConnection connection = await paths.ConnectAsync(proxy, mode);
        await connection.EchoAsync(3);
        await connection.TransferAsync(TwentyMegabytes);
    }
}
