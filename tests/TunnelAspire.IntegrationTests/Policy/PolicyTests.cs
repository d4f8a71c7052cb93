using System.Diagnostics;
using System.Net.Sockets;
using TunnelAspire.IntegrationTests.Harness;
using TunnelAspire.IntegrationTests.Survival;
using Xunit;

namespace TunnelAspire.IntegrationTests.Policy;

/// <summary>A policy at work in a real <c>tunneld</c>, with real agents.</summary>
public sealed class PolicyTests : IDisposable
{
    private const int Rate = 400_000; // bytes a second
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Scratch _scratch = new();

    private string PolicyFile => _scratch.File("policy.json");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Policy_ChangedWhileASessionRuns_HoldsForNewSessionsOnly()
    {
        await using Node node = await StartAsync("""{ "name": "all", "callers": ["*"], "allow": ["127.0.0.1:*"] }""");
        (ChildProcess agent, int port) = await node.StartAgentAsync(node.Url, null);
        (Socket client, Socket target) = await node.ConnectAsync(port);
        using (client)
        using (target)
        {
            Write("""{ "name": "nobody", "callers": ["*"], "deny": ["127.0.0.1:*"] }""");
            await node.Server.LineAsync("has changed, and is in force");
            await RefusedAsync(agent, port, "forbidden-target");

            File.WriteAllText(PolicyFile, "{ \"rules\": [ {");
            await node.Server.LineAsync("What has changed is not in force");
            Assert.Contains("line 1", node.Server.Output, StringComparison.Ordinal);
            await RefusedAsync(agent, port, "forbidden-target");

            await new BothWays(client, target, 1_000_000).RunAsync(_ => Task.CompletedTask);
        }
    }

    [Fact]
    public async Task Session_ThatHasLastedAsLongAsItsRuleLetsIt_IsResetAtBothEndsAndSaysWhy()
    {
        await using Node node = await StartAsync("""{ "name": "short", "callers": ["*"], "allow": ["127.0.0.1:*"], "lifetime": "00:00:02" }""");
        (ChildProcess agent, int port) = await node.StartAgentAsync(node.Url, null);
        long begun = Stopwatch.GetTimestamp();
        (Socket client, Socket target) = await node.ConnectAsync(port);
        using (client)
        using (target)
        {
            Assert.True(await Loopback.EndedByResetAsync(client, Patience));
            Assert.True(Stopwatch.GetElapsedTime(begun) > TimeSpan.FromSeconds(1.5), "the session ended before its time");
            Assert.True(await Loopback.EndedByResetAsync(target, Patience));
        }

        await agent.LineAsync("reset: session-expired");
        await node.Server.LineAsync("Expired");
    }

    [Fact]
    public async Task Sessions_BeyondTheCallersMost_WaitUntilOneHasEnded()
    {
        await using Node node = await StartAsync("""{ "name": "one", "callers": ["*"], "allow": ["127.0.0.1:*"], "maxSessions": 1 }""");
        (ChildProcess agent, int port) = await node.StartAgentAsync(node.Url, null);
        (Socket client, Socket target) = await node.ConnectAsync(port);
        using Socket waiting = await Loopback.ConnectAsync(port);
        await agent.LineAsync("anonymous has as many sessions open as rule 'one' lets a caller have at one connector: 1");
        Task<Socket> second = node.AcceptAsync();
        Assert.False(second.IsCompleted);

        client.Dispose();
        target.Dispose();
        using Socket opened = await second;
        await new BothWays(waiting, opened, 10_000).RunAsync(_ => Task.CompletedTask);
    }

    [Theory]
    [InlineData("stream")]
    [InlineData("poll")]
    public async Task Bytes_Down_ComeAtTheCallersRateAndNoneIsLost(string mode)
    {
        await using Node node = await StartAsync($$"""{ "name": "slow", "callers": ["*"], "allow": ["127.0.0.1:*"], "bytesPerSecondDown": {{Rate}} }""");
        (_, int port) = await node.StartAgentAsync(node.Url, null, "--mode", mode);
        (Socket first, Socket firstTarget) = await node.ConnectAsync(port);
        (Socket second, Socket secondTarget) = await node.ConnectAsync(port);
        using (first)
        using (firstTarget)
        using (second)
        using (secondTarget)
        {
            await RequireRateAsync([(firstTarget, first), (secondTarget, second)]); // the sum of both
        }
    }

    [Fact]
    public async Task Bytes_Up_GoAtTheCallersRateAndNoneIsLost()
    {
        await using Node node = await StartAsync($$"""{ "name": "slow", "callers": ["*"], "allow": ["127.0.0.1:*"], "bytesPerSecondUp": {{Rate}} }""");
        (_, int port) = await node.StartAgentAsync(node.Url, null);
        (Socket client, Socket target) = await node.ConnectAsync(port);
        using (client)
        using (target)
        {
            await RequireRateAsync([(client, target)]);
        }
    }

    /// <summary>Sends three seconds' bytes in all; at no moment more may have come than the rate and a quarter second allow.</summary>
    private static async Task RequireRateAsync((Socket From, Socket To)[] streams)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(1));
        int bytes = 3 * Rate / streams.Length;
        long begun = Stopwatch.GetTimestamp();
        long[] received = new long[streams.Length];
        Task<Digest>[] sent = [.. streams.Select((stream, i) => Checked.SendAsync(stream.From, bytes, (ulong)i, limit.Token))];
        Task<Digest>[] got = [.. streams.Select((stream, i) => Checked.ReceiveAsync(stream.To, progress => Require(i, progress), limit.Token))];

        Assert.Equal(await Task.WhenAll(sent), await Task.WhenAll(got));
        Assert.True(Stopwatch.GetElapsedTime(begun) > TimeSpan.FromSeconds(2), "three seconds' bytes came in less than two");

        void Require(int stream, long progress)
        {
            Volatile.Write(ref received[stream], progress);
            double allowed = Rate * (Stopwatch.GetElapsedTime(begun).TotalSeconds + 0.25);
            Assert.True(received.Sum() <= allowed, $"{received.Sum()} bytes had come where {allowed:0} were allowed");
        }
    }

    private static async Task RefusedAsync(ChildProcess agent, int port, string reason)
    {
        using Socket client = await Loopback.ConnectAsync(port);
        Assert.True(await Loopback.EndedByResetAsync(client, Patience));
        await agent.LineAsync($"reset: {reason}");
    }

    private async Task<Node> StartAsync(string rule)
    {
        Write(rule);
        return await Node.StartAsync(new() { ["Logging__LogLevel__TunnelAspire"] = "Debug" }, "--urls", "http://127.0.0.1:0", "--policy", PolicyFile);
    }

    private void Write(string rule) => File.WriteAllText(PolicyFile, $$"""{ "rules": [ {{rule}} ] }""");
}
