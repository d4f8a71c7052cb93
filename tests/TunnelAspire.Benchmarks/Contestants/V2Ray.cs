using System.Text.Json;
using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.Benchmarks.Contestants;

/// <summary>v2ray: a fixed port at the client, VMess without encryption over WebSocket, and the server that dials the target.</summary>
internal sealed class V2Ray() : Contestant(OneKey, "v2ray (WebSocket)")
{
    public const string OneKey = "v2ray";

    private static readonly object Quiet = new { loglevel = "none" };
    private static readonly object WebSocket = new { network = "ws", wsSettings = new { path = "/tunnel" } };

    public override async Task StartAsync(int target, CancellationToken cancellationToken)
    {
        Guid user = Guid.NewGuid();
        int server = Loopback.FreePort();
        await StartListeningAsync("v2ray server", server, "v2ray", "-config", Write("server.json", new
        {
            log = Quiet,
            inbounds = new[] { Inbound(server, "vmess", new { clients = new[] { new { id = user, alterId = 0 } } }, WebSocket) },
            outbounds = new[] { new { protocol = "freedom" } },
        }));

        Port = Loopback.FreePort();
        await StartListeningAsync("v2ray client", Port, "v2ray", "-config", Write("client.json", new
        {
            log = Quiet,
            inbounds = new[] { Inbound(Port, "dokodemo-door", new { address = "127.0.0.1", port = target, network = "tcp" }, null) },
            outbounds = new[]
            {
                new
                {
                    protocol = "vmess",
                    settings = new { vnext = new[] { new { address = "127.0.0.1", port = server, users = new[] { new { id = user, alterId = 0, security = "none" } } } } },
                    streamSettings = WebSocket,
                },
            },
        }));
    }

    private static object Inbound(int port, string protocol, object settings, object? streamSettings) =>
        new { listen = "127.0.0.1", port, protocol, settings, streamSettings };

    private string Write(string name, object configuration) => Scratch.Write(name, JsonSerializer.Serialize(configuration));
}
