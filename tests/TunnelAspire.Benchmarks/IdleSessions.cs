using System.Globalization;
using System.Net.Sockets;
using System.Text;
using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.Benchmarks;

/// <summary>What an idle session costs: resident memory of each process, before and after 1,000 sessions, over two hold periods.</summary>
internal static class IdleSessions
{
    private const int Sessions = 1000;
    private const int WarmUp = 300;
    private static readonly TimeSpan TwoHolds = TimeSpan.FromSeconds(2 * 25);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(5);

    /// <summary>Runs it; returns a table in Markdown.</summary>
    public static async Task<string> MeasureAsync()
    {
        await using Tunnel tunnel = await Tunnel.StartAsync();
        using Socket listener = Loopback.Listen(out int target);
        (ChildProcess agent, int port) = await tunnel.StartAgentAsync(target);
        (string Name, ChildProcess Process)[] processes = [("agent", agent), ("relay", tunnel.Relays[0]), ("connector", tunnel.Connectors[0])];

        // Code that is compiled on first use belongs to the process, not to a session.
        await CloseAsync(await OpenAsync(port, listener, WarmUp));
        await Task.Delay(Settle);
        long[] before = [.. processes.Select(process => Resident(process.Process))];

        List<(Socket Client, Socket Target)> sessions = await OpenAsync(port, listener, Sessions);
        await Task.Delay(TwoHolds + Settle);
        long[] after = [.. processes.Select(process => Resident(process.Process))];
        int alive = await CountAliveAsync(sessions);
        await CloseAsync(sessions);

        StringBuilder report = new();
        report.AppendLine(CultureInfo.InvariantCulture, $"{alive} of {Sessions} idle sessions carry bytes after two hold periods ({TwoHolds.TotalSeconds} s).");
        report.AppendLine().AppendLine("| process | before, KiB | with the sessions, KiB | KiB a session |").AppendLine("|---|---|---|---|");
        for (int i = 0; i < processes.Length; i++)
        {
            report.AppendLine(CultureInfo.InvariantCulture, $"| {processes[i].Name} | {before[i]} | {after[i]} | {(after[i] - before[i]) / (double)Sessions:0.0} |");
        }

        return report.ToString();
    }

    private static async Task<List<(Socket Client, Socket Target)>> OpenAsync(int port, Socket listener, int count)
    {
        List<(Socket, Socket)> sessions = [];
        for (int i = 0; i < count; i++)
        {
            sessions.Add(await Loopback.ConnectThroughAsync(port, listener));
        }

        return sessions;
    }

    private static async Task<int> CountAliveAsync(List<(Socket Client, Socket Target)> sessions)
    {
        int alive = 0;
        byte[] one = [1];
        foreach ((Socket client, Socket target) in sessions)
        {
            await client.SendAsync(one);
            await target.ReceiveAsync(one);
            await target.SendAsync(one);
            alive += await client.ReceiveAsync(one);
        }

        return alive;
    }

    private static async Task CloseAsync(List<(Socket Client, Socket Target)> sessions)
    {
        foreach ((Socket client, Socket target) in sessions)
        {
            client.Shutdown(SocketShutdown.Send);
            target.Shutdown(SocketShutdown.Send);
            await Loopback.EndedByResetAsync(client, TimeSpan.FromSeconds(30));
            client.Dispose();
            target.Dispose();
        }
    }

    /// <summary>Resident memory, KiB. The raw format is <c>VmRSS:	   54612 kB</c>.</summary>
    private static long Resident(ChildProcess process)
    {
        string line = File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
    }
}
