using System.Net.Sockets;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Telemetry;

/// <summary>Whether what the other tests rely on sees what is left over, and what is not.</summary>
public sealed class LeftoverTests
{
    [Fact]
    public async Task Leftovers_OfASessionThatStands_AreFound_AndNoneAfterItsEnd()
    {
        using Collector collector = new();
        await using Node node = await Node.StartAsync(collector.Environment, "--urls", "http://127.0.0.1:0");
        (ChildProcess agent, int port) = await node.StartAgentAsync(node.Url, collector.Environment);
        (Socket first, Socket target) = await node.ConnectAsync(port);
        first.Dispose();
        target.Dispose();
        (string, int)[] processes = [("tunneld", node.Server.Id), ("agent", agent.Id)];
        await Waiting.UntilAsync(
            () => Array.TrueForAll(processes, process => collector.Processes.TryGetValue(process.Item2, out ProcessMetrics? metrics) &&
                metrics.Values.GetValueOrDefault("tunnel.sessions.ended") > 0 && metrics.Values["tunnel.sessions.open"] == 0),
            "the first session has ended at both ends");
        Leftovers before = await Leftovers.TakeAsync(collector, processes);

        (Socket client, Socket standing) = await node.ConnectAsync(port);
        TimeoutException left = await Assert.ThrowsAsync<TimeoutException>(() => before.RequireNoneAsync(patience: TimeSpan.FromSeconds(3)));
        Assert.Contains("tunneld: tunnel.sessions.open", left.Message, StringComparison.Ordinal);
        Assert.Contains("agent: tunnel.sessions.open", left.Message, StringComparison.Ordinal);

        client.Dispose();
        standing.Dispose();
        string report = await before.RequireNoneAsync(memoryMiB: 16);
        TestContext.Current.TestOutputHelper?.WriteLine(report);
    }
}
