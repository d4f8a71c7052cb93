using System.Net.Sockets;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Identity;

/// <summary>Relays and connectors, each a process of its own, that know each other by a cluster key; and what their logs keep to themselves.</summary>
public sealed class ClusterTests : IDisposable
{
    private const string Key = "the-cluster-key-of-these-tests-02";
    private const string OtherKey = "another-key-which-is-of-no-use-00";

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Output_OfAllProcesses_HoldsNoSecret()
    {
        await using Issuer issuer = new();
        string[] made = await StrangerTests.FreshAsync("ann");
        string jwt = issuer.Token();
        const string wrong = "tunnel_wrong-but-perhaps-right-elsewhere";
        await using Tunnel tunnel = await Tunnel.StartAsync(settings: new()
        {
            ["Cluster__Key"] = Key,
            ["Identity__Tokens__0"] = made[1],
            ["Identity__Jwt__Issuer"] = issuer.Url,
            ["Identity__Jwt__Audiences__0"] = Issuer.Audience,
            ["Identity__Jwt__KeysFile"] = _scratch.Write("keys", issuer.Pem),
            ["Logging__LogLevel__Default"] = "Debug",
            ["Logging__LogLevel__Microsoft.AspNetCore"] = "Debug",
            ["Logging__LogLevel__System.Net.Http"] = "Debug",
        });
        using Socket target = Loopback.Listen(out int port);
        List<ChildProcess> agents = [];
        foreach (string token in (string[])[made[0], jwt, wrong])
        {
            (ChildProcess agent, int local) = await tunnel.StartAgentAsync(port, null, "--token-file", _scratch.Write($"token-{agents.Count}", token));
            agents.Add(agent);
            using Socket client = await Loopback.ConnectAsync(local);
            if (token != wrong)
            {
                using Socket accepted = await target.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(30));
                await accepted.SendAsync("x"u8.ToArray());
                Assert.Equal(1, await client.ReceiveAsync(new byte[1]));
            }
            else
            {
                Assert.True(await Loopback.EndedByResetAsync(client, TimeSpan.FromSeconds(20)));
            }
        }

        string output = string.Join('\n', [.. agents.Concat(tunnel.Relays).Concat(tunnel.Connectors).Append(tunnel.Redis).Select(child => child.Output)]);
        Assert.Contains("Refused: unauthenticated", output, StringComparison.Ordinal); // it is told, but not with what
        Assert.All([made[0], jwt, wrong, jwt.Split('.')[2], Key], secret => Assert.DoesNotContain(secret, output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stranger_LearnsNothing_EvenWhereTheConnectorIsGone_AndRedisToo()
    {
        await using Tunnel tunnel = await Tunnel.StartAsync(settings: new() { ["Cluster__Key"] = Key });
        using Socket target = Loopback.Listen(out int port);
        using HttpResponseMessage opened = await tunnel.Http.PostAsync(new Uri($"{tunnel.Server}/v1/sessions?target=127.0.0.1:{port}"), Nothing());
        string id = opened.Headers.GetValues("Tunnel-Session").Single();
        string token = opened.Headers.GetValues("Tunnel-Token").Single();
        await tunnel.Connectors[0].KillAsync();
        await tunnel.Redis.KillAsync();

        string existing = await ReceiveAsync(tunnel, id, new string('A', 43));
        string none = await ReceiveAsync(tunnel, new string('A', 22), new string('A', 43));

        Assert.StartsWith("404 ", existing, StringComparison.Ordinal);
        Assert.Equal(none, existing);
        Assert.StartsWith("503 ", await ReceiveAsync(tunnel, id, token), StringComparison.Ordinal); // its owner is told what is wrong
    }

    [Fact]
    public async Task Relay_WithoutTheKey_IsRefused_AndItsLogSaysWhatToDo()
    {
        await using Tunnel tunnel = await Tunnel.StartAsync(settings: new() { ["Cluster__Key"] = Key });
        (ChildProcess stranger, string url) = await StartRelayAsync(tunnel, null);
        await using (stranger)
        {
            Assert.Contains("\"code\":\"connector-unreachable\"", await OpenAsync(tunnel, url), StringComparison.Ordinal);
            await stranger.LineAsync("does not take this relay for one of its cluster: give both the same cluster key");
        }
    }

    [Fact]
    public async Task Relay_WithAnotherKey_SeesNoConnector()
    {
        await using Tunnel tunnel = await Tunnel.StartAsync(settings: new() { ["Cluster__Key"] = Key });
        (ChildProcess stranger, string url) = await StartRelayAsync(tunnel, OtherKey);
        await using (stranger)
        {
            Assert.Contains("\"code\":\"no-connector\"", await OpenAsync(tunnel, url), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Key_IsReplacedInItsFile_AndSessionsGoOn()
    {
        string file = _scratch.Write("key", Key);
        await using Tunnel tunnel = await Tunnel.StartAsync(settings: new() { ["Cluster__KeyFile"] = file });
        using Socket target = Loopback.Listen(out int port);
        (_, int local) = await tunnel.StartAgentAsync(port);
        (Socket client, Socket accepted) = await Loopback.ConnectThroughAsync(local, target);
        using (client)
        using (accepted)
        {
            foreach (string keys in (string[])[$"{Key} {OtherKey}", $"{OtherKey} {Key}"])
            {
                int told = Count(tunnel);
                _scratch.Write("key", keys);
                await Waiting.UntilAsync(() => Count(tunnel) == told + 2, "relay and connector have read it");
                await client.SendAsync("x"u8.ToArray());
                Assert.Equal(1, await accepted.ReceiveAsync(new byte[1]).WaitAsync(TimeSpan.FromSeconds(20)));
            }

            (Socket second, Socket secondAccepted) = await Loopback.ConnectThroughAsync(local, target);
            second.Dispose();
            secondAccepted.Dispose();
        }
    }

    private static int Count(Tunnel tunnel) => tunnel.Relays.Concat(tunnel.Connectors).Sum(child => child.Output.Split("has changed, and is in force").Length - 1);

    private static async Task<(ChildProcess Relay, string Url)> StartRelayAsync(Tunnel tunnel, string? key)
    {
        string url = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"http://127.0.0.1:{Loopback.FreePort()}");
        Dictionary<string, string> settings = new() { ["ConnectionStrings__redis"] = $"127.0.0.1:{tunnel.RedisPort}", ["ASPNETCORE_URLS"] = url };
        if (key is not null)
        {
            settings["Cluster__Key"] = key;
        }

        ChildProcess relay = ChildProcess.Start(Installed.Built("TunnelAspire.Relay"), [], settings);
        await relay.LineAsync("Application started");
        return (relay, url);
    }

    private static async Task<string> OpenAsync(Tunnel tunnel, string url)
    {
        using HttpResponseMessage answer = await tunnel.Http.PostAsync(new Uri($"{url}/v1/sessions?target=127.0.0.1:1"), Nothing());
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>All of the answer but its date.</summary>
    private static async Task<string> ReceiveAsync(Tunnel tunnel, string session, string token)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, $"{tunnel.Server}/v1/sessions/{session}/receive?ack=0");
        request.Headers.Add("Tunnel-Token", token);
        using HttpResponseMessage answer = await tunnel.Http.SendAsync(request);
        string headers = string.Join('\n', answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key != "Date").Select(header => $"{header.Key}: {string.Join(", ", header.Value)}"));
        return $"{(int)answer.StatusCode} {headers}\n{await answer.Content.ReadAsStringAsync()}";
    }

    private static ByteArrayContent Nothing()
    {
        ByteArrayContent content = new([]);
        content.Headers.ContentType = new("binary/tcp");
        return content;
    }
}
