using TunnelAspire.IntegrationTests.Harness;
using TunnelAspire.IntegrationTests.Telemetry;
using Xunit;

namespace TunnelAspire.IntegrationTests.Hostile;

/// <summary>A short flood; the long one, with figures, is the benchmarks' command <c>flood</c>.</summary>
public sealed class FloodTests(Besieged siege) : IClassFixture<Besieged>
{
    private const int PerSecond = 2000;
    private const int Clients = 4;

    [Fact]
    public async Task Flood_OfBadRequests_HoldsUpNobody_AndLeavesNothing()
    {
        await using GoodClients good = await GoodClients.StartAsync(siege.Forward, Clients);
        await new Flood(siege.Port, PerSecond).RunAsync(TimeSpan.FromSeconds(5), CancellationToken.None); // its first use makes pools and code
        await good.EndAsync();
        Leftovers before = await siege.HoldingsAsync();

        Flood flood = new(siege.Port, PerSecond);
        await using GoodClients others = await GoodClients.StartAsync(siege.Forward, Clients);
        Task flooding = flood.RunAsync(TimeSpan.FromSeconds(4), CancellationToken.None);
        while (!flooding.IsCompleted)
        {
            await others.RequireServedAsync();
        }

        await flooding;
        await others.EndAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"sent {flood.Sent}, answered {flood.Answers}; longest round trip {others.Longest.TotalMilliseconds:0} ms");
        Assert.True(flood.Answered > 1000, flood.Answers);
        Assert.Contains("429", flood.Answers, StringComparison.Ordinal);
        Assert.DoesNotContain("500", flood.Answers, StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine(await before.RequireNoneAsync(sockets: 24, memory: 0.2));
        Assert.True(siege.Refused > 0);
    }
}
