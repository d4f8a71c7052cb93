using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Programs;

/// <summary>The tunnel's own Redis serves as the target as well.</summary>
[Collection(Programs.Name)]
public sealed class RedisTests(SharedTunnel shared)
{
    [Fact]
    public async Task RedisCli_SetAndGet_Answers()
    {
        int port = await shared.ForwardAsync(shared.Tunnel.RedisPort);
        Assert.Contains("OK", await ChildProcess.RunAsync("redis-cli", "-p", $"{port}", "set", "programs:a", "1"), StringComparison.Ordinal);
        Assert.Contains("1", await ChildProcess.RunAsync("redis-cli", "-p", $"{port}", "get", "programs:a"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RedisBenchmark_FiftyConnections_AllRequestsAnswered()
    {
        int port = await shared.ForwardAsync(shared.Tunnel.RedisPort);
        string report = await ChildProcess.RunAsync("redis-benchmark", "-p", $"{port}", "-n", "5000", "-c", "50", "-t", "ping,set,get", "-q");
        Assert.Contains("GET:", report, StringComparison.Ordinal);
        Assert.DoesNotContain("Error", report, StringComparison.OrdinalIgnoreCase);
    }
}
