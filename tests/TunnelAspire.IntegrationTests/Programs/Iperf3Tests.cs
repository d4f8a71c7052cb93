using System.Text.Json;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Programs;

[Collection(Programs.Name)]
public sealed class Iperf3Tests(SharedTunnel shared)
{
    [Theory]
    [InlineData("1", false)]
    [InlineData("4", false)]
    [InlineData("4", true)]
    public async Task Iperf3_Streams_AllBytesArrive(string streams, bool reverse)
    {
        const long Bytes = 256 * 1024 * 1024;
        int target = Loopback.FreePort();
        await using ChildProcess server = ChildProcess.Start("iperf3", ["-s", "-1", "-B", "127.0.0.1", "-p", $"{target}", "--forceflush"]);
        await server.LineAsync("Server listening");
        int port = await shared.ForwardAsync(target);
        string report = await ChildProcess.RunAsync("iperf3", ["-c", "127.0.0.1", "-p", $"{port}", "-n", $"{Bytes}", "-P", streams, "-J", .. reverse ? ["-R"] : Array.Empty<string>()]);
        using JsonDocument json = JsonDocument.Parse(report);

        // The client stops when it has sent everything; what is under way then, windows and buffers full, no longer counts.
        Assert.InRange(json.RootElement.GetProperty("end").GetProperty("sum_received").GetProperty("bytes").GetInt64(), Bytes / 2, long.MaxValue);
    }
}
