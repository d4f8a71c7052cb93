using System.Globalization;
using System.Net.Sockets;
using TunnelAspire.IntegrationTests.Harness;
using TunnelAspire.IntegrationTests.Survival;
using Xunit;

namespace TunnelAspire.IntegrationTests.Transport;

/// <summary>TLS at the server: certificates from files, verified by the agent, and by the server where it wants to know the agent.</summary>
public sealed class TlsTests : IDisposable
{
    private const long Bytes = 20 * 1024 * 1024;

    private readonly Scratch _scratch = new();
    private readonly Authority _authority = new("Authority of the tests");
    private readonly string _url = string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{Loopback.FreePort()}");
    private readonly string _ca;

    public TlsTests() => _ca = _scratch.Write("ca.pem", _authority.Pem);

    [Theory]
    [InlineData("poll", "auto", true)]
    [InlineData("burst", "auto", true)]
    [InlineData("stream", "auto", true)]
    [InlineData("stream", "2", true)]
    [InlineData("poll", "1.1", false)]
    [InlineData("burst", "1.1", false)]
    [InlineData("stream", "1.1", false)]
    public async Task Transfer_BothWays_ArrivesInTheVersionThatIsMeant(string mode, string http, bool isHttp2)
    {
        await using Node node = await StartAsync(_authority.ForServer("127.0.0.1"));
        (ChildProcess agent, int port) = await node.StartAgentAsync(_url, null, "--ca", _ca, "--http", http, "--mode", mode);
        (Socket client, Socket target) = await node.ConnectAsync(port);
        using (client)
        using (target)
        {
            await new BothWays(client, target, Bytes).RunAsync(_ => Task.CompletedTask);
        }

        await agent.KillAsync();
        Assert.Equal(isHttp2, await node.ServedHttp2Async());
    }

    [Fact]
    public async Task UnknownAuthority_IsRefusedAtOnce_AndNamed()
    {
        await using Node node = await StartAsync(_authority.ForServer("127.0.0.1"));
        string line = await node.RefusedAsync(_url, null);
        Assert.Contains($"reset: barred: no TLS with {new Uri(_url).Authority}: The remote certificate is invalid because of errors in the certificate chain", line, StringComparison.Ordinal);

        using Authority other = new("Another authority");
        string line2 = await node.RefusedAsync(_url, null, "--ca", _scratch.Write("other.pem", other.Pem));
        Assert.Contains("reset: barred: no TLS with", line2, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OtherName_IsRefused_UnlessTheHostIsGiven()
    {
        await using Node node = await StartAsync(_authority.ForServer("relay.example"), new() { ["AllowedHosts"] = "relay.example" }); // the server refuses other hosts
        string line = await node.RefusedAsync(_url, null, "--ca", _ca);
        Assert.Contains("RemoteCertificateNameMismatch", line, StringComparison.Ordinal);

        (_, int port) = await node.StartAgentAsync(_url, null, "--ca", _ca, "--host", "relay.example");
        await EchoesAsync(await node.ConnectAsync(port));
    }

    [Fact]
    public async Task ChangedFiles_ServeNewConnections_WhileOldOnesGoOn()
    {
        await using Node node = await StartAsync(_authority.ForServer("127.0.0.1"));
        (_, int port) = await node.StartAgentAsync(_url, null, "--ca", _ca);
        (Socket Client, Socket Target) before = await node.ConnectAsync(port);

        using Authority next = new("The next authority");
        Present(next.ForServer("127.0.0.1"));
        await node.Server.LineAsync("New certificate: CN=127.0.0.1");
        await EchoesAsync(before); // on the connection that the former certificate made
        (_, int port2) = await node.StartAgentAsync(_url, null, "--ca", _scratch.Write("next.pem", next.Pem));
        await EchoesAsync(await node.ConnectAsync(port2));
        Assert.Contains("barred: no TLS", await node.RefusedAsync(_url, null, "--ca", _ca), StringComparison.Ordinal);

        _scratch.Write("server.pem", "no certificate");
        await node.Server.LineAsync("The changed certificate cannot be used, the former one still is:");
        (_, int port3) = await node.StartAgentAsync(_url, null, "--ca", _scratch.File("next.pem"));
        await EchoesAsync(await node.ConnectAsync(port3));
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("1.1")]
    public async Task RequiredClientCertificate_AdmitsThoseOfTheAuthority_AndNobodyElse(string http)
    {
        using Authority clients = new("Authority of the clients");
        using Authority strangers = new("Authority of strangers");
        await using Node node = await StartAsync(_authority.ForServer("127.0.0.1"), null, "--client-ca", _scratch.Write("clients.pem", clients.Pem));
        string[] way = ["--ca", _ca, "--http", http];

        (_, int port) = await node.StartAgentAsync(_url, null, [.. way, .. Presenting("agent", clients.ForClient("agent"))]);
        await EchoesAsync(await node.ConnectAsync(port));

        string without = await node.RefusedAsync(_url, null, way);
        Assert.Contains($"barred: {new Uri(_url).Authority} asks for a client certificate and cut the connection without one: give --cert and --key", without, StringComparison.Ordinal);

        Dictionary<string, string> soon = new() { ["Agent__OpenTimeout"] = "00:00:02" };
        await node.RefusedAsync(_url, soon, [.. way, .. Presenting("stranger", strangers.ForClient("agent"))]);
        await node.RefusedAsync(_url, soon, [.. way, .. Presenting("server", clients.ForServer("agent"))]);
    }

    [Fact]
    public async Task Relay_WithAProcessOfItsOwn_HasTheSameTls()
    {
        await using Tunnel tunnel = await Tunnel.StartAsync(relays: 0);
        Present(_authority.ForServer("127.0.0.1"));
        await using ChildProcess relay = ChildProcess.Start(Installed.Built("TunnelAspire.Relay"), ["--urls", _url], new Dictionary<string, string>
        {
            ["ConnectionStrings__redis"] = $"127.0.0.1:{tunnel.RedisPort}",
            ["Tls__Certificate"] = _scratch.File("server.pem"),
            ["Tls__Key"] = _scratch.File("server.key"),
        });
        await relay.LineAsync("Application started");
        using Socket listener = Loopback.Listen(out int target);
        (_, int port) = await tunnel.StartAgentAsync(target, _url, "--ca", _ca);
        await EchoesAsync(await Loopback.ConnectThroughAsync(port, listener));
    }

    public void Dispose()
    {
        _authority.Dispose();
        _scratch.Dispose();
    }

    private Task<Node> StartAsync(Issued server, Dictionary<string, string>? environment = null, params string[] arguments)
    {
        Present(server);
        return Node.StartAsync(environment, ["--urls", _url, "--cert", _scratch.File("server.pem"), "--key", _scratch.File("server.key"), .. arguments]);
    }

    private void Present(Issued server)
    {
        _scratch.Write("server.pem", server.Certificate);
        _scratch.Write("server.key", server.Key);
    }

    private string[] Presenting(string file, Issued client) => ["--cert", _scratch.Write($"{file}.pem", client.Certificate), "--key", _scratch.Write($"{file}.key", client.Key)];

    private static async Task EchoesAsync((Socket Client, Socket Target) connection)
    {
        using Socket client = connection.Client;
        using Socket target = connection.Target;
        await new BothWays(client, target, 100_000).RunAsync(_ => Task.CompletedTask);
    }
}
