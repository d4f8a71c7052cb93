using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Paths;

/// <summary>A path of 100 ms there and back, between a proxy that takes every message whole and nginx as Debian ships it.</summary>
public sealed class LongRoundTripTests(ITestOutputHelper output)
{
    private const int Bytes = 60_000_000;
    private const double LeastGain = 8;
    private static readonly TimeSpan OneWay = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Burst_MovesEightTimesWhatPollDoes()
    {
        await using Tunnel tunnel = await Tunnel.StartAsync();
        await using PathProxy nginx = await PathProxy.StartAsync(ProxyProgram.Named("nginx"), tunnel.Server);
        await using DelayingProxy far = await DelayingProxy.StartAsync(nginx.Server, OneWay);
        double up = await GainAsync(tunnel, far.Url, up: true);
        double down = await GainAsync(tunnel, far.Url, up: false);
        Assert.True(Math.Min(up, down) >= LeastGain, $"burst moved {up:F1} times what poll did up, {down:F1} times down");
    }

    /// <summary>How many times poll's throughput burst has.</summary>
    private async Task<double> GainAsync(Tunnel tunnel, string server, bool up)
    {
        TimeSpan poll = await TimeAsync(tunnel, server, "poll", up);
        TimeSpan burst = await TimeAsync(tunnel, server, "burst", up);
        output.WriteLine($"{(up ? "up" : "down")}: poll {Bytes / 1e6 / poll.TotalSeconds:F1} MB/s, burst {Bytes / 1e6 / burst.TotalSeconds:F1} MB/s, {poll / burst:F1} times");
        return poll / burst;
    }

    private static async Task<TimeSpan> TimeAsync(Tunnel tunnel, string server, string mode, bool up)
    {
        await using PathConnection connection = await PathConnection.OpenAsync(tunnel, server, mode, "--proxy", "none");
        await connection.EchoAsync(1); // the session is open, and its connections stand
        if (mode != "poll")
        {
            await connection.MeasuredAsync(); // how many messages are under way follows from the round trip
        }

        return await connection.TimeAsync(Bytes, up);
    }
}
