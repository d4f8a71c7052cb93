using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.Benchmarks.Contestants;

/// <summary>websockify at the server. It has no client for TCP connections, so the benchmark's own <see cref="WebSocketClient"/> is at the other end.</summary>
internal sealed class Websockify() : Contestant(OneKey, "websockify")
{
    public const string OneKey = "websockify";

    public override string Remark => "its client end is the benchmark's own, on .NET's ClientWebSocket; a process for each session";

    public override int MostSessions => 100;

    public override async Task StartAsync(int target, CancellationToken cancellationToken)
    {
        int server = Loopback.FreePort();
        await StartListeningAsync("websockify", server, "websockify", $"127.0.0.1:{server}", $"127.0.0.1:{target}");
        Port = Loopback.FreePort();
        await StartListeningAsync("client end", Port, Environment.ProcessPath!, "websocket-client", $"{Port}", $"ws://127.0.0.1:{server}/");
    }
}
