using System.Globalization;
using System.Net.Sockets;
using TunnelAspire.IntegrationTests.Harness;
using TunnelAspire.IntegrationTests.Survival;
using Xunit;

namespace TunnelAspire.IntegrationTests.Choice;

/// <summary>The agent, as it is without any option, finds out what its path can do.</summary>
public sealed class ChoiceOfModesTests
{
    private const int Length = 20 * 1024 * 1024;

    [Fact]
    public async Task Directly_BothDirectionsStream()
    {
        await using ServerSide server = await ServerSide.StartAsync();

        await server.CarryAsync(server.Url, "send stream, receive stream");
    }

    [Fact]
    public async Task ThroughNginxAsItIsInstalled_RequestsBurst()
    {
        await using ServerSide server = await ServerSide.StartAsync();
        using Scratch scratch = new();
        int port = Loopback.FreePort();
        string configuration = scratch.Write("nginx.conf", string.Create(CultureInfo.InvariantCulture, $$"""
            daemon off; master_process off; pid {{scratch.File("nginx.pid")}}; error_log stderr notice;
            events { }
            http {
              access_log off; client_body_temp_path {{scratch.File("body")}}; proxy_temp_path {{scratch.File("proxy")}};
              fastcgi_temp_path {{scratch.File("fastcgi")}}; uwsgi_temp_path {{scratch.File("uwsgi")}}; scgi_temp_path {{scratch.File("scgi")}};
              server { listen 127.0.0.1:{{port}}; location / { proxy_pass {{server.Url}}; } }
            }
            """));
        // The agent measures again until nginx listens.
        await using ChildProcess nginx = ChildProcess.Start(Installed.Find("nginx"), ["-e", "stderr", "-c", configuration]);

        await server.CarryAsync(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"), "send burst, receive stream");
    }

    /// <summary><c>tunneld</c> and a target.</summary>
    private sealed class ServerSide : IAsyncDisposable
    {
        private readonly Socket _listener;
        private readonly int _targetPort;
        private readonly ChildProcess _node;

        private ServerSide(string url, Socket listener, int targetPort, ChildProcess node) =>
            (Url, _listener, _targetPort, _node) = (url, listener, targetPort, node);

        public string Url { get; }

        public static async Task<ServerSide> StartAsync()
        {
            string url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Loopback.FreePort()}");
            Socket listener = Loopback.Listen(out int targetPort);
            ChildProcess node = ChildProcess.Start(Installed.Built("TunnelAspire.Node", "tunneld"), ["--urls", url, "--allow", $"127.0.0.1:{targetPort}"]);
            await node.LineAsync("Application started");
            return new ServerSide(url, listener, targetPort, node);
        }

        /// <summary>Carries bytes both ways while the agent makes its choice and after it; fails unless it is <paramref name="chosen"/>.</summary>
        public async Task CarryAsync(string url, string chosen)
        {
            await using ChildProcess agent = ChildProcess.Start(Installed.Built("TunnelAspire.Agent", "tunnel"), ["connect", url, "-L", $"0:127.0.0.1:{_targetPort}"]);
            int port = Tunnel.LocalPort(await agent.LineAsync("forwarding "));
            (Socket client, Socket target) = await Loopback.ConnectThroughAsync(port, _listener);
            using (client)
            using (target)
            {
                Assert.Contains(chosen, await agent.LineAsync("Path: "), StringComparison.Ordinal);
                await new BothWays(client, target, Length).RunAsync(_ => Task.CompletedTask);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _node.DisposeAsync();
            _listener.Dispose();
        }
    }
}
