using Microsoft.Extensions.Options;
using TunnelAspire.Agent;
using TunnelAspire.Agent.Http;
using TunnelAspire.Agent.Paths;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Agent.Paths;

public sealed class PathProbeTests(TunnelHosts hosts) : IClassFixture<TunnelHosts>
{
    [Fact]
    public async Task Measure_OfADirectPath_FindsThatItStreams()
    {
        PathMeasurement found = await MeasureAsync(hosts.Relay.ToString());

        Assert.Equal((true, true, "HTTP/1.1"), (found.SendStreams, found.ReceiveStreams, found.Protocol));
        Assert.Equal(int.MaxValue, found.LargestBody);
        Assert.InRange(found.RoundTrip, TimeSpan.FromTicks(1), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Measure_WhereRequestsAreHeld_FindsThatAnswersStream()
    {
        await using HoldingProxy proxy = await new HoldingProxy(hosts.Relay, holdsRequests: true, holdsAnswers: false, largestBody: 300_000).StartAsync();

        PathMeasurement found = await MeasureAsync(proxy.Url);

        Assert.Equal((false, true), (found.SendStreams, found.ReceiveStreams));
        Assert.Equal(256 * 1024, found.LargestBody);
    }

    [Fact]
    public async Task Measure_WhereAnswersAreHeld_FindsThatRequestsStream()
    {
        await using HoldingProxy proxy = await new HoldingProxy(hosts.Relay, holdsRequests: false, holdsAnswers: true).StartAsync();

        PathMeasurement found = await MeasureAsync(proxy.Url);

        Assert.Equal((true, false), (found.SendStreams, found.ReceiveStreams));
    }

    [Fact]
    public async Task Measure_WhereNobodyKnowsOfProbes_IsForeign()
    {
        await using HoldingProxy proxy = await new HoldingProxy(new Uri(hosts.Relay, "/health"), holdsRequests: true, holdsAnswers: true).StartAsync();

        CarrierException failure = await Assert.ThrowsAsync<CarrierException>(() => MeasureAsync($"{proxy.Url}/elsewhere"));

        Assert.Equal(CarrierFault.Foreign, failure.Fault);
    }

    [Fact]
    public async Task Measure_WhereNobodyListens_IsLost() => Assert.Equal(
        CarrierFault.Lost, (await Assert.ThrowsAsync<CarrierException>(() => MeasureAsync($"http://{hosts.RefusingTarget}"))).Fault);

    private static async Task<PathMeasurement> MeasureAsync(string url)
    {
        AgentOptions options = new() { Server = url, Proxy = AgentOptions.NoProxy };
        using TunnelServer server = new(options);
        return await new PathProbe(server, Options.Create(options), TimeProvider.System).MeasureAsync(sizes: true, CancellationToken.None).Soon();
    }
}
