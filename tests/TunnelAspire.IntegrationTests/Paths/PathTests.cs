using Xunit;

namespace TunnelAspire.IntegrationTests.Paths;

/// <summary>Bytes through each proxy, whatever it does to requests and answers.</summary>
public sealed class PathTests(PathsInTest paths) : IClassFixture<PathsInTest>
{
    private const int TwentyMegabytes = 20_000_000;

    public static TheoryData<string> Proxies => [.. ProxyProgram.All.Select(program => program.Name)];

    [Theory]
    [MemberData(nameof(Proxies))]
    public Task Auto_EchoesAndCarriesBothWays(string proxy) => CarryAsync(proxy, "auto", echoes: 20);

    /// <summary>Where a mode does not suit the path it may be slow, but it loses nothing. Side by side, since then most of it is waiting.</summary>
    [Theory]
    [InlineData("poll")]
    [InlineData("burst")]
    [InlineData("stream")]
    public Task ForcedMode_CarriesBothWays_ThroughEveryProxyAtOnce(string mode) =>
        Task.WhenAll(ProxyProgram.All.Select(program => CarryAsync(program.Name, mode, echoes: 3)));

    private async Task CarryAsync(string proxy, string mode, int echoes)
    {
        await using PathConnection connection = await paths.ConnectAsync(proxy, mode);
        await connection.EchoAsync(echoes);
        await connection.TransferAsync(TwentyMegabytes);
    }
}
