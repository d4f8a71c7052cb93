using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.Benchmarks.Contestants;

/// <summary>GNU httptunnel, hts and htc.</summary>
internal sealed class HttpTunnel() : Contestant(OneKey, "httptunnel")
{
    public const string OneKey = "httptunnel";

    public override string Remark => "one connection at a time";

    public override int MostSessions => 1;

    public override async Task StartAsync(int target, CancellationToken cancellationToken)
    {
        int server = Loopback.FreePort();
        await StartListeningAsync("hts", server, "hts", "--no-daemon", "--forward-port", $"127.0.0.1:{target}", $"{server}");
        Port = Loopback.FreePort();
        await StartListeningAsync("htc", Port, "htc", "--no-daemon", "--forward-port", $"{Port}", $"127.0.0.1:{server}");
    }
}
