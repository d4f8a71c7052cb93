using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.Benchmarks.Contestants;

/// <summary>Agent and tunneld: relay and connector in one process.</summary>
internal sealed class OwnNode(string mode) : OwnTunnel(ServerKey, "tunneld", mode)
{
    public const string ServerKey = "node";

    public override async Task StartAsync(int target, CancellationToken cancellationToken)
    {
        int port = Loopback.FreePort();
        string url = $"http://127.0.0.1:{port}";
        await StartListeningAsync("tunneld", port, Installed.Built("TunnelAspire.Node", "tunneld"), "--urls", url, "--allow", "127.0.0.1:*");
        await StartAgentAsync(url, target);
    }
}
