using System.Globalization;
using System.Net.Sockets;
using TunnelAspire.IntegrationTests.Harness;
using TunnelAspire.IntegrationTests.Survival;
using Xunit;

namespace TunnelAspire.IntegrationTests.Transport;

/// <summary>The agent behind a forward proxy that asks who it is: a squid, with the right password, a wrong one, and none.</summary>
public sealed class ForwardProxyTests : IDisposable
{
    private const long Bytes = 5 * 1024 * 1024;
    private static readonly Dictionary<string, string> Right = new() { ["TUNNEL_PROXY_PASSWORD"] = Squid.Password };
    private static readonly Dictionary<string, string> Wrong = new() { ["TUNNEL_PROXY_PASSWORD"] = "wrong" };

    private readonly Scratch _scratch = new();
    private readonly Authority _authority = new("Authority of the tests");
    private readonly string _http = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Loopback.FreePort()}");
    private readonly string _https = string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{Loopback.FreePort()}");
    private readonly string _ca;

    public ForwardProxyTests() => _ca = _scratch.Write("ca.pem", _authority.Pem);

    [Theory]
    [InlineData("poll")]
    [InlineData("burst")]
    [InlineData("stream")]
    public async Task Basic_IsSaidWithEachRequest_OnceItIsKnownToBeWanted(string mode)
    {
        await using Node node = await StartAsync();
        await using Squid squid = await Squid.StartWithBasicAsync();
        await CarriesAsync(node, _http, Right, "--proxy", squid.Url, "--proxy-user", Squid.User, "--mode", mode);
        Assert.InRange(squid.Requests.Count(line => line.Contains("/407 ", StringComparison.Ordinal)), 1, 5); // those that were under way when it first asked: opens, path probes
        Assert.InRange(squid.Requests.Count(line => line.Contains("/200 ", StringComparison.Ordinal)), 10, int.MaxValue);
        Assert.Contains(squid.Requests, line => line.Contains($" POST {_http}/v1/sessions/", StringComparison.Ordinal) && line.Contains($" {Squid.User} ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Basic_MayStandInTheUrl_AndInTheEnvironment()
    {
        await using Node node = await StartAsync();
        await using Squid squid = await Squid.StartWithBasicAsync();
        string url = squid.Url.Replace("//", $"//{Squid.User}:{Uri.EscapeDataString(Squid.Password)}@", StringComparison.Ordinal);
        await CarriesAsync(node, _http, null, "--proxy", url);
        await CarriesAsync(node, _http, new() { ["http_proxy"] = url, ["no_proxy"] = "" });
        await CarriesAsync(node, _http, null, "--proxy", squid.Url, "--proxy-user", $"{Squid.User}:{Squid.Password}");
    }

    [Theory]
    [InlineData("poll")]
    [InlineData("burst")]
    [InlineData("stream")]
    public async Task Digest_IsAnsweredToo(string mode)
    {
        await using Node node = await StartAsync();
        await using Squid squid = await Squid.StartWithDigestAsync();
        await CarriesAsync(node, _http, Right, "--proxy", squid.Url, "--proxy-user", Squid.User, "--mode", mode);
    }

    [Theory]
    [InlineData("--http", "2", "--mode", "burst")]
    [InlineData("--http", "1.1", "--mode", "stream")]
    public async Task Https_GoesThroughConnect(params string[] arguments)
    {
        await using Node node = await StartAsync();
        await using Squid squid = await Squid.StartWithBasicAsync();
        await CarriesAsync(node, _https, Right, ["--ca", _ca, "--proxy", squid.Url, "--proxy-user", Squid.User, .. arguments]);
        await Waiting.UntilAsync(
            () => squid.Requests.Any(line => line.Contains($"/200 ", StringComparison.Ordinal) && line.Contains($" CONNECT {new Uri(_https).Authority} {Squid.User} ", StringComparison.Ordinal)),
            "squid has connected");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task NoPassword_AndAWrongOne_AreNamedAtOnce(bool tls)
    {
        await using Node node = await StartAsync();
        await using Squid squid = await Squid.StartWithBasicAsync();
        string url = tls ? _https : _http;
        string[] way = ["--proxy", squid.Url, .. tls ? new[] { "--ca", _ca } : []];
        Assert.Contains(
            $"reset: barred: proxy squid/5.7 at 127.0.0.1:{squid.Port} wants Basic credentials: give --proxy-user USER, and the password in TUNNEL_PROXY_PASSWORD",
            await node.RefusedAsync(url, null, way), StringComparison.Ordinal);
        Assert.Contains(
            $"reset: barred: proxy squid/5.7 at 127.0.0.1:{squid.Port} wants Basic credentials, and did not accept user '{Squid.User}' with the password given",
            await node.RefusedAsync(url, Wrong, [.. way, "--proxy-user", Squid.User]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RefusedConnect_AndAProxyThatIsNotThere_AreNamedAtOnce()
    {
        await using Node node = await StartAsync();
        await using Squid squid = await Squid.StartAsync("acl tunnels method CONNECT", "http_access deny tunnels");
        Assert.Contains(
            $"reset: barred: proxy squid/5.7 at 127.0.0.1:{squid.Port} refused to connect to {new Uri(_https).Authority}: 403 Forbidden",
            await node.RefusedAsync(_https, null, "--ca", _ca, "--proxy", squid.Url), StringComparison.Ordinal);

        await squid.KillAsync();
        Assert.Contains(
            $"reset: barred: proxy 127.0.0.1:{squid.Port} cannot be reached: Connection refused",
            await node.RefusedAsync(_http, null, "--proxy", squid.Url), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunningSession_WaitsForAProxyThatComesBack()
    {
        await using Node node = await StartAsync();
        await using Squid squid = await Squid.StartWithBasicAsync();
        (ChildProcess agent, int port) = await node.StartAgentAsync(_http, Right, "--proxy", squid.Url, "--proxy-user", Squid.User);
        (Socket client, Socket target) = await node.ConnectAsync(port);
        using (client)
        using (target)
        {
            await agent.LineAsync(" opened at ");
            await squid.KillAsync();
            await agent.LineAsync("tries again: proxy 127.0.0.1");
            await squid.StartAgainAsync();
            await new BothWays(client, target, Bytes).RunAsync(_ => Task.CompletedTask);
        }
    }

    [Fact]
    public async Task Http2WithoutTls_ThroughAProxy_IsWrongUse()
    {
        await using ChildProcess agent = ChildProcess.Start(
            Installed.Built("TunnelAspire.Agent", "tunnel"), ["connect", _http, "-L", "0:localhost:1", "--http", "2", "--proxy", "http://127.0.0.1:1"]);
        Assert.Equal(2, await agent.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains("HTTP/2 without TLS does not go through a proxy (127.0.0.1:1)", agent.Output, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _authority.Dispose();
        _scratch.Dispose();
    }

    private Task<Node> StartAsync()
    {
        Issued server = _authority.ForServer("127.0.0.1");
        return Node.StartAsync(
            null, "--urls", $"{_http};{_https}", "--cert", _scratch.Write("server.pem", server.Certificate), "--key", _scratch.Write("server.key", server.Key));
    }

    private static async Task CarriesAsync(Node node, string url, Dictionary<string, string>? environment, params string[] arguments)
    {
        (ChildProcess agent, int port) = await node.StartAgentAsync(url, environment, arguments);
        (Socket client, Socket target) = await node.ConnectAsync(port);
        using (client)
        using (target)
        {
            await new BothWays(client, target, Bytes).RunAsync(_ => Task.CompletedTask);
        }

        await agent.KillAsync(); // so that squid tells of its connections
    }
}
