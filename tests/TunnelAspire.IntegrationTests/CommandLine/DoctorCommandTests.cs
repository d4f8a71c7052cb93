using System.Globalization;
using System.Text.Json;
using TunnelAspire.IntegrationTests.Harness;
using TunnelAspire.IntegrationTests.Paths;
using Xunit;

namespace TunnelAspire.IntegrationTests.CommandLine;

/// <summary><c>tunnel doctor</c> on paths that lead to a relay.</summary>
public sealed class DoctorCommandTests : IAsyncLifetime
{
    private static readonly string[] Steps =
        ["hop", "name", "connect", "path", "versions", "buffering", "bodies", "quiet", "roundTrip", "lanes", "throughput", "verdict"];

    private readonly string _server = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Loopback.FreePort()}");
    private ChildProcess _node = null!;

    public async ValueTask InitializeAsync()
    {
        _node = ChildProcess.Start(Installed.Built("TunnelAspire.Node", "tunneld"), ["--urls", _server]);
        await _node.LineAsync("Application started");
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task DirectPath_IsGoodForStreamBothWays()
    {
        JsonElement found = await ExamineAsync(_server, "--quiet-limit", "2");
        Assert.All(Steps, step => Assert.NotEqual(JsonValueKind.Null, found.GetProperty(step).ValueKind));
        Assert.Equal(JsonValueKind.Null, found.GetProperty("failure").ValueKind);
        Assert.Equal(JsonValueKind.Null, found.GetProperty("tls").ValueKind);
        Assert.Empty(found.GetProperty("path").GetProperty("signs").EnumerateArray());
        Assert.True(found.GetProperty("versions").GetProperty("http11").GetBoolean());
        Assert.Equal(2, found.GetProperty("quiet").GetProperty("passedSeconds").GetInt32());
        Assert.True(found.GetProperty("roundTrip").GetProperty("medianMilliseconds").GetDouble() > 0);
        Assert.Equal("pass", found.GetProperty("lanes").GetProperty("outcome").GetString());
        Assert.InRange(found.GetProperty("lanes").GetProperty("roundTripMilliseconds").GetDouble(), 0.001, 1000);
        Assert.True(found.GetProperty("verdict").GetProperty("lanes").GetBoolean());
        foreach (string direction in new[] { "up", "down" })
        {
            Assert.Equal("at-once", found.GetProperty("buffering").GetProperty(direction).GetProperty("passage").GetString());
            Assert.Equal("stream", found.GetProperty("verdict").GetProperty(direction).GetProperty("mode").GetString());
            Assert.Equal(JsonValueKind.Null, found.GetProperty("bodies").GetProperty(direction).GetProperty("refused").ValueKind);
            Assert.All(found.GetProperty("throughput").GetProperty("modes").EnumerateArray(), mode => Assert.True(mode.GetProperty(direction).GetProperty("bytesPerSecond").GetDouble() > 1e6, $"{mode}"));
        }
    }

    [Fact]
    public async Task BehindNginx_ItsBufferingAndItsBodyLimitAreFound()
    {
        await using Nginx nginx = await Nginx.StartAsync($"location / {{ proxy_pass {_server}; }}");
        JsonElement found = await ExamineAsync(nginx.Url, "--quick");
        Assert.StartsWith("nginx/", found.GetProperty("path").GetProperty("server").GetString(), StringComparison.Ordinal);
        Assert.Equal("HTTP/1.0", found.GetProperty("path").GetProperty("seen").GetProperty("protocol").GetString());
        Assert.Equal("held-back", found.GetProperty("buffering").GetProperty("up").GetProperty("passage").GetString());
        Assert.Equal(1024 * 1024, found.GetProperty("bodies").GetProperty("up").GetProperty("largest").GetInt64());
        Assert.Equal(2 * 1024 * 1024, found.GetProperty("bodies").GetProperty("up").GetProperty("refused").GetInt64());
        Assert.Contains("413", found.GetProperty("bodies").GetProperty("up").GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal("burst", found.GetProperty("verdict").GetProperty("up").GetProperty("mode").GetString());
        Assert.Equal(JsonValueKind.Null, found.GetProperty("quiet").ValueKind);
        Assert.Equal("not-tried: bodies are not passed on as they come", WhyNoLanes(found));
    }

    [Fact]
    public async Task BehindVarnish_LanesDoNotPass()
    {
        await using PathProxy varnish = await PathProxy.StartAsync(ProxyProgram.Named("varnish"), _server);
        JsonElement found = await ExamineAsync(varnish.Server, "--quick");
        Assert.Equal("stream", found.GetProperty("verdict").GetProperty("up").GetProperty("mode").GetString());
        Assert.Equal("do-not-pass: what is under way is held back", WhyNoLanes(found));
        Assert.Contains(found.GetProperty("verdict").GetProperty("remarks").EnumerateArray(), remark => remark.GetString()!.StartsWith("Requests cannot share a connection", StringComparison.Ordinal));
    }

    [Fact]
    public async Task BehindNginxWithShortPatience_TheCutIsFound()
    {
        await using Nginx nginx = await Nginx.StartAsync($"location / {{ proxy_read_timeout 3s; proxy_pass {_server}; }}");
        Examined examined = await Examined.RunAsync(nginx.Url, "--quiet-limit", "5");
        Assert.Equal(0, examined.ExitCode);
        string line = Assert.Single(examined.Output.Split('\n'), line => line.Contains("Quiet requests", StringComparison.Ordinal));
        Assert.StartsWith("note  Quiet requests   live for 2 s; one of 5 s was cut after 3", line, StringComparison.Ordinal);
        Assert.Contains("504 Gateway Time-out", line, StringComparison.Ordinal);
        Assert.Contains("The agent would use:\n  up        burst, messages of up to 1 MiB, ", examined.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ThroughAForwardProxy_ItIsSaidWhoForwards()
    {
        using Scratch scratch = new();
        int port = Loopback.FreePort();
        await using ChildProcess tinyproxy = ChildProcess.Start("tinyproxy", ["-d", "-c", scratch.Write("tinyproxy.conf", $"Port {port}\nListen 127.0.0.1\nTimeout 60\nViaProxyName \"thedoor\"\n")]);
        await tinyproxy.LineAsync("Accepting connections");
        JsonElement found = await ExamineAsync(_server, "--quick", "--proxy", $"http://127.0.0.1:{port}");
        Assert.Equal("option", found.GetProperty("hop").GetProperty("source").GetString());
        Assert.Equal("not-used: not through a forward proxy", WhyNoLanes(found));
        Assert.Contains("thedoor", found.GetProperty("path").GetProperty("seen").GetProperty("via").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BehindHaproxy_ItsDelayIsFound()
    {
        using Scratch scratch = new();
        int port = Loopback.FreePort();
        await using ChildProcess haproxy = ChildProcess.Start("haproxy", ["-db", "-f", scratch.Write("haproxy.cfg", $"""
            defaults
                mode http
                timeout client 30s
                timeout server 30s
                timeout connect 5s
            listen relay
                bind 127.0.0.1:{port}
                server relay {_server["http://".Length..]}

            """)]);
        await Loopback.AcceptsAsync(port, "haproxy");
        JsonElement found = await ExamineAsync($"http://127.0.0.1:{port}", "--quick");
        foreach (string direction in new[] { "up", "down" })
        {
            JsonElement buffering = found.GetProperty("buffering").GetProperty(direction);
            Assert.Equal("late", buffering.GetProperty("passage").GetString());
            Assert.InRange(buffering.GetProperty("lagMilliseconds").GetDouble(), 100, 500);
            Assert.Equal("burst", found.GetProperty("verdict").GetProperty(direction).GetProperty("mode").GetString());
        }
    }

    private static string WhyNoLanes(JsonElement found)
    {
        JsonElement lanes = found.GetProperty("lanes");
        Assert.Equal(JsonValueKind.Null, lanes.GetProperty("roundTripMilliseconds").ValueKind);
        Assert.False(found.GetProperty("verdict").GetProperty("lanes").GetBoolean());
        return $"{lanes.GetProperty("outcome").GetString()}: {lanes.GetProperty("reason").GetString()}";
    }

    private static async Task<JsonElement> ExamineAsync(params string[] arguments)
    {
        Examined examined = await Examined.RunAsync([.. arguments, "--json"]);
        Assert.True(examined.ExitCode == 0, examined.Output);
        Assert.True(examined.Json.GetProperty("usable").GetBoolean());
        return examined.Json;
    }
}
