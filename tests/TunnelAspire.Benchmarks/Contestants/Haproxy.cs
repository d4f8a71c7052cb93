using TunnelAspire.Benchmarks.Processes;
using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.Benchmarks.Contestants;

/// <summary>haproxy in TCP mode, one or several in a row: what carrying bytes through processes costs at least.</summary>
internal sealed class Haproxy(int inRow) : Contestant(inRow == 1 ? OneKey : TwoKey, inRow == 1 ? "haproxy, TCP mode" : "two haproxy in a row")
{
    public const string OneKey = "haproxy";
    public const string TwoKey = "haproxy2";

    private const int SocketsBesides = 500;

    /// <summary>Two sockets for each connection; it does not start where the system allows fewer than it is told to take.</summary>
    private static int MostConnections => Math.Min(20_000, (Surroundings.SocketsAllowed - SocketsBesides) / 2);

    public override async Task StartAsync(int target, CancellationToken cancellationToken)
    {
        int next = target;
        for (int i = 0; i < inRow; i++)
        {
            int port = Loopback.FreePort();
            string file = Scratch.Write($"haproxy-{i}.cfg", $"""
                global
                    maxconn {MostConnections}
                defaults
                    mode tcp
                    timeout connect 5s
                    timeout client 10m
                    timeout server 10m
                listen forward
                    bind 127.0.0.1:{port}
                    server target 127.0.0.1:{next}

                """);
            await StartListeningAsync("haproxy", port, "haproxy", "-db", "-f", file);
            next = port;
        }

        Port = next;
    }
}
