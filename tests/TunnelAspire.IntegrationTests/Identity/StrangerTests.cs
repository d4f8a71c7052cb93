using System.Globalization;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Identity;

/// <summary>What nobody may do who has not proved to be somebody.</summary>
public sealed class StrangerTests : IDisposable
{
    private const string ClusterKey = "the-cluster-key-of-these-tests-01";
    private const string Key = "a-key-of-24-characters-or-so";

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData(ClusterKey)]
    public async Task Outsider_WhoPosesAsARelay_IsAskedWhoHeIs(string? clusterKey)
    {
        string[] made = await FreshAsync("ann");
        Dictionary<string, string> settings = new() { ["Identity__Tokens__0"] = made[1] };
        if (clusterKey is not null)
        {
            settings["Cluster__Key"] = clusterKey;
        }

        await using Entrance entrance = await Entrance.StartAsync(settings);
        (string, string)[] inner =
        [
            ("Tunnel-Epoch", "1"), ("Tunnel-Proof", new string('A', 43)), ("Tunnel-Caller", "ann"), ("Tunnel-Roles", "dba"), ("Tunnel-Relay", "relay-0"),
            ("Tunnel-Agent", "192.0.2.1"), ("Tunnel-Session", new string('A', 22)),
        ];

        Assert.StartsWith("401 ", await entrance.OpenAsync(null, inner), StringComparison.Ordinal);
        string honest = await entrance.OpenAsync(made[0], ("Tunnel-Open-Key", Key));
        Assert.StartsWith("201 ", honest, StringComparison.Ordinal);
        Assert.Equal(honest, await entrance.OpenAsync(made[0], [("Tunnel-Caller", "bob"), ("Tunnel-Open-Key", Key), .. inner.Where(header => header.Item1 != "Tunnel-Caller")]));
    }

    [Fact]
    public async Task Certificate_NamesItsCaller()
    {
        using Authority authority = new("Agents");
        Issued server = authority.ForServer("127.0.0.1");
        Issued ann = authority.ForClient("ann");
        string ca = _scratch.Write("ca.pem", authority.Pem);
        string url = string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{Loopback.FreePort()}");
        string plain = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Loopback.FreePort()}");
        await using Node node = await Node.StartAsync(
            null, "--urls", $"{url};{plain}", "--client-ca", ca,
            "--cert", _scratch.Write("server.pem", server.Certificate), "--key", _scratch.Write("server.key", server.Key));

        (_, int port) = await node.StartAgentAsync(url, null, "--ca", ca, "--cert", _scratch.Write("ann.pem", ann.Certificate), "--key", _scratch.Write("ann.key", ann.Key));
        (System.Net.Sockets.Socket client, System.Net.Sockets.Socket target) = await node.ConnectAsync(port);
        client.Dispose();
        target.Dispose();

        await node.Server.LineAsync(" opened: cert:ann at 127.0.0.1 to ");
        Assert.Contains("a client certificate is needed here, on an https:// address", await node.RefusedAsync(plain, null), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TunnelAspire.Node", "tunneld", "nothing says who may open sessions")]
    [InlineData("TunnelAspire.Relay", "TunnelAspire.Relay", "nothing says who may open sessions")]
    [InlineData("TunnelAspire.Relay", "TunnelAspire.Relay", "no cluster key", "Identity__Open", "true")]
    [InlineData("TunnelAspire.Connector", "TunnelAspire.Connector", "no cluster key")]
    public async Task Service_ThatWouldTrustEveryone_ListensForThisMachineOnly(string project, string program, string why, params string[] setting)
    {
        Dictionary<string, string> environment = new() { ["ASPNETCORE_URLS"] = "http://0.0.0.0:0" };
        if (program != "tunneld")
        {
            environment["ConnectionStrings__redis"] = "127.0.0.1:1";
        }

        foreach (string[] pair in setting.Chunk(2))
        {
            environment[pair[0]] = pair[1];
        }

        await using ChildProcess service = ChildProcess.Start(Installed.Built(project, program), [], environment);

        Assert.Equal(1, await service.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains(
            service.Output.Split('\n'),
            line => line.StartsWith($"{program}: Not listening on 0.0.0.0:0, which other machines reach: {why}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Tunneld_WithRedisAndNoClusterKey_DoesNotStart()
    {
        await using ChildProcess node = ChildProcess.Start(
            Installed.Built("TunnelAspire.Node", "tunneld"), ["--urls", "http://127.0.0.1:0"], new Dictionary<string, string> { ["ConnectionStrings__redis"] = "127.0.0.1:1" });

        Assert.Equal(1, await node.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains("set Cluster:Key", node.Output, StringComparison.Ordinal);
    }

    /// <summary>A token, and the line by which it is known.</summary>
    internal static async Task<string[]> FreshAsync(string name, params string[] options)
    {
        // Standard error has its line among those of standard output.
        string[] lines = (await ChildProcess.RunAsync(Installed.Built("TunnelAspire.Node", "tunneld"), ["token", "new", name, .. options])).Split('\n');
        return [lines.Single(line => line.StartsWith("tunnel_", StringComparison.Ordinal)), lines.Single(line => line.StartsWith($"{name} ", StringComparison.Ordinal))];
    }
}
