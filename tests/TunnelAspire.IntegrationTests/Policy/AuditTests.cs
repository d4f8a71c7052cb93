using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Policy;

/// <summary>The audit of a real <c>tunneld</c>: a record for each open and each end, whatever ended it, and no secret anywhere.</summary>
public sealed class AuditTests : IDisposable
{
    private const string Policy = """
        {
          "rules": [
            { "name": "never", "callers": ["*"], "deny": ["10.66.0.0/16:*"] },
            { "name": "anns", "callers": ["ann"], "allow": ["127.0.0.1:*"] },
            { "name": "brief", "roles": ["brief"], "allow": ["127.0.0.1:*"], "lifetime": "00:00:01" }
          ]
        }
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Scratch _scratch = new();
    private readonly string _token = RandomNumberGenerator.GetHexString(40);
    private readonly string _brief = RandomNumberGenerator.GetHexString(40);
    private readonly List<string> _secrets = [];

    private string AuditFile => _scratch.File("audit.jsonl");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Sessions_HoweverTheyEnd_AreRecordedWithoutSecrets()
    {
        await using Node node = await StartAsync(new());
        (ChildProcess agent, int port) = await node.StartAgentAsync(node.Url, null, "--header", $"Authorization: Bearer {_token}");
        (_, int brief) = await node.StartAgentAsync(node.Url, null, "--header", $"Authorization: Bearer {_brief}");

        await CloseAsync(node, port);
        await EndedAsync("Closed", "ann", "anns");
        using (Socket client = await OpenAsync(node, port))
        {
            Loopback.Reset(client);
        }

        await EndedAsync("Aborted", "ann", "anns");
        await ResetTargetAsync(node, port);
        await EndedAsync("TargetReset", "ann", "anns");
        using (await OpenAsync(node, brief))
        {
            await EndedAsync("Expired", "bob", "brief");
        }

        await BreakProtocolAsync(node);
        await EndedAsync("ProtocolError", "ann", "anns");
        await RefuseAsync(node);
        using Socket abandoned = await OpenAsync(node, port);
        agent.Signal(ChildProcess.SigKill);
        await EndedAsync("Abandoned", "ann", "anns");
        await StopAsync(node);
        RequireNoSecret(node.Server.Output + agent.Output + File.ReadAllText(AuditFile));
    }

    [Fact]
    public async Task Opens_ByNobodyKnown_AreRecordedOnce_AndThenCounted()
    {
        const int Opens = 20;
        await using Node node = await StartAsync(new());
        using HttpClient http = new() { DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", $"{_token}0") } };
        for (int i = 0; i < Opens; i++)
        {
            using HttpResponseMessage refused = await http.PostAsync(new Uri($"{node.Url}/v1/sessions?target=db.internal:5432"), null);
            Assert.Equal(401, (int)refused.StatusCode);
        }

        JsonElement first = await RecordAsync(record => Text(record, "event") == "refused");
        Assert.Equal(
            ("anonymous", "127.0.0.1", "db.internal:5432", "unauthenticated", "1"),
            (Text(first, "caller"), Text(first, "agent"), Text(first, "target"), Text(first, "error"), Text(first, "times")));
        await StopAsync(node);

        Assert.Equal(Opens, Records().Sum(record => record.GetProperty("times").GetInt64()));
        Assert.InRange(Records().Length, 2, 4);
        RequireNoSecret(node.Server.Output + File.ReadAllText(AuditFile));
    }

    [Fact]
    public async Task Sessions_ThatAreIdleOrDrained_AreRecordedBeforeTheServerEnds()
    {
        await using Node node = await StartAsync(new() { ["Connector__IdleLimit"] = "00:00:01", ["Connector__DrainSeconds"] = "0" });
        (_, int port) = await node.StartAgentAsync(node.Url, null, "--header", $"Authorization: Bearer {_token}");
        using (await OpenAsync(node, port))
        {
            await EndedAsync("Idle", "ann", "anns");
        }

        using Socket drained = await OpenAsync(node, port);
        await StopAsync(node);

        JsonElement record = Assert.Single(Records(), record => Text(record, "reason") == "Drained");
        Assert.Equal("ann", Text(record, "caller"));
    }

    [Fact]
    public async Task File_OnAFullDisk_IsToldAndSessionsGoOn()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root may make a small file system.");
        string disk = Directory.CreateDirectory(_scratch.File("disk")).FullName;
        await ChildProcess.RunAsync("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk);
        try
        {
            string file = Path.Combine(disk, "audit.jsonl");
            File.WriteAllBytes(Path.Combine(disk, "ballast"), new byte[64 * 1024]);
            await using Node node = await StartAsync(new() { ["Audit__File"] = file });
            (_, int port) = await node.StartAgentAsync(node.Url, null, "--header", $"Authorization: Bearer {_token}");
            await CloseAsync(node, port);
            await node.Server.LineAsync($"The audit file '{file}' cannot be written: ");
            await node.Server.LineAsync("TunnelAspire.Audit[2122]");

            File.Delete(Path.Combine(disk, "ballast"));
            await CloseAsync(node, port);
            await node.Server.LineAsync("can be written again");
            Assert.Equal("lost", Text(JsonSerializer.Deserialize<JsonElement>(File.ReadLines(file).First()), "event"));
        }
        finally
        {
            await ChildProcess.RunAsync("umount", disk);
        }
    }

    private static async Task<Socket> OpenAsync(Node node, int port)
    {
        (Socket client, Socket target) = await node.ConnectAsync(port);
        _ = Loopback.EndedByResetAsync(target, TimeSpan.FromMinutes(1)).ContinueWith(_ => target.Dispose(), TaskScheduler.Default); // a target that listens
        return client;
    }

    private static async Task CloseAsync(Node node, int port)
    {
        (Socket client, Socket target) = await node.ConnectAsync(port);
        using (client)
        using (target)
        {
            await client.SendAsync("hello"u8.ToArray());
            client.Shutdown(SocketShutdown.Send);
            Assert.False(await Loopback.EndedByResetAsync(target, Patience));
            target.Shutdown(SocketShutdown.Send);
            Assert.False(await Loopback.EndedByResetAsync(client, Patience));
        }
    }

    private static async Task ResetTargetAsync(Node node, int port)
    {
        (Socket client, Socket target) = await node.ConnectAsync(port);
        using (client)
        {
            await client.SendAsync("hello"u8.ToArray());
            await target.ReceiveAsync(new byte[5]); // the session is open
            Loopback.Reset(target);
            Assert.True(await Loopback.EndedByResetAsync(client, Patience));
        }
    }

    /// <summary>By hand: an acknowledgement of bytes that never were.</summary>
    private async Task BreakProtocolAsync(Node node)
    {
        using HttpClient http = Client();
        _secrets.Add(RandomNumberGenerator.GetHexString(32));
        using HttpRequestMessage open = new(HttpMethod.Post, $"{node.Url}/v1/sessions?target={node.Target}");
        open.Headers.Add("Tunnel-Open-Key", _secrets[^1]);
        using HttpResponseMessage opened = (await http.SendAsync(open)).EnsureSuccessStatusCode();
        _secrets.Add(opened.Headers.GetValues("Tunnel-Token").Single());
        using Socket target = await node.AcceptAsync();
        using HttpRequestMessage receive = new(HttpMethod.Get, $"{node.Url}{opened.Headers.Location}/receive?ack=1000");
        receive.Headers.Add("Tunnel-Token", _secrets[^1]);
        using HttpResponseMessage refused = await http.SendAsync(receive);
        Assert.Equal(400, (int)refused.StatusCode);
    }

    private async Task RefuseAsync(Node node)
    {
        using HttpClient http = Client();
        foreach ((string target, string rule, string error) in ((string, string, string)[])[("10.66.1.2:80", "never", "forbidden-target"), ("nowhere.invalid:1", "", "forbidden-target"), ("127.0.0.1:1", "anns", "target-refused")])
        {
            using HttpResponseMessage refused = await http.PostAsync(new Uri($"{node.Url}/v1/sessions?target={target}"), null);
            Assert.False(refused.IsSuccessStatusCode);
            JsonElement record = await RecordAsync(record => Text(record, "target") == target);
            Assert.Equal(error, Text(record, "error"));
            Assert.Equal(rule, Text(record, "rule"));
            Assert.Equal(error == "target-refused" ? "allowed" : "refused", Text(record, "decision"));
            Assert.Equal("127.0.0.1", Text(record, "agent"));
        }
    }

    private HttpClient Client() => new() { DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", _token) } };

    private async Task<Node> StartAsync(Dictionary<string, string> settings)
    {
        settings.TryAdd("Audit__File", AuditFile);
        settings["Logging__LogLevel__TunnelAspire"] = "Debug";
        settings["Connector__Hold"] = "00:00:01";
        settings["Connector__Grace"] = "00:00:04";
        string tokens = _scratch.Write("tokens", $"ann {Hash(_token)}\nbob {Hash(_brief)} roles=brief\n");
        return await Node.StartAsync(settings, "--urls", "http://127.0.0.1:0", "--tokens", tokens, "--policy", _scratch.Write("policy.json", Policy), "--allow", "192.0.2.1:1");
    }

    private static string Hash(string token) => $"sha256:{Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(token)))}";

    private static async Task StopAsync(Node node)
    {
        node.Server.Signal(ChildProcess.SigTerm);
        Assert.Equal(0, await node.Server.ExitAsync(Patience));
    }

    /// <summary>A session of that caller has ended so, and its open is recorded as well.</summary>
    private async Task EndedAsync(string reason, string caller, string rule)
    {
        JsonElement end = await RecordAsync(record => Text(record, "reason") == reason);
        JsonElement open = Assert.Single(Records(), record => Text(record, "event") == "open" && Text(record, "session") == Text(end, "session"));
        foreach (JsonElement record in (JsonElement[])[open, end])
        {
            Assert.Equal(caller, Text(record, "caller"));
            Assert.Equal(rule, Text(record, "rule"));
            Assert.Equal("allowed", Text(record, "decision"));
            Assert.Equal(Text(record, "target"), Text(record, "address"));
            Assert.Equal("127.0.0.1", Text(record, "agent"));
        }

        Assert.True(end.GetProperty("seconds").GetDouble() > 0);
        Assert.Equal(reason is "Closed" or "TargetReset" ? 5 : 0, end.GetProperty("bytesUp").GetInt64());
    }

    private async Task<JsonElement> RecordAsync(Func<JsonElement, bool> wanted)
    {
        try
        {
            await Waiting.UntilAsync(() => Records().Any(wanted), "the record is written");
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}; there is only:\n{File.ReadAllText(AuditFile)}", e);
        }

        return Records().Single(wanted);
    }

    private JsonElement[] Records() => [.. File.ReadAllText(AuditFile).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];

    private static string Text(JsonElement record, string key) => record.TryGetProperty(key, out JsonElement value) ? value.ToString() : "";

    private void RequireNoSecret(string output)
    {
        foreach (string secret in (string[])[_token, _brief, .. _secrets])
        {
            Assert.DoesNotContain(secret, output, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("hello", output, StringComparison.Ordinal); // the payload
    }
}
