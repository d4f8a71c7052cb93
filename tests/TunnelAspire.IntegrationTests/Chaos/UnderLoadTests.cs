using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using TunnelAspire.IntegrationTests.Chaos.Faults;
using TunnelAspire.IntegrationTests.Chaos.Load;
using TunnelAspire.IntegrationTests.Chaos.Processes;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Chaos;

/// <summary>One kind of trouble at a time, under load, and how long anybody notices it at most. <c>eng/chaos.sh</c> makes it last longer.</summary>
[Trait("Category", "Chaos")]
public sealed class UnderLoadTests(ITestOutputHelper output)
{
    private static readonly TimeSpan ToTheEnd = TimeSpan.FromMinutes(1);

    private static readonly Lane[] Lanes =
    [
        new(Shape.Bulk, 6, 6_000_000, 6_000_000, Rate: 800_000),
        new(Shape.HalfClose, 4, 2_000_000, 3_000_000, Rate: 800_000),
        new(Shape.HalfClose, 6, 800, 3000, TimeSpan.FromMilliseconds(150)),
        new(Shape.ServerFirst, 4, 2000, 40_000, TimeSpan.FromMilliseconds(150)),
        new(Shape.PingPong, 10, 100, 100, TimeSpan.FromMilliseconds(20)),
    ];

    [Fact]
    public async Task Connections_RelayKilledEveryTwoSeconds_NoneBreaks_AndNoneStandsStillForThreeSeconds()
    {
        Ledger ledger = new();
        Weather weather = new(Random.Shared.Next(), ledger);
        await using Traffic traffic = new(Random.Shared.Next(), Lanes);
        await using Fleet fleet = await Fleet.StartAsync(new FleetSize(3, 1), weather, traffic.Targets);
        traffic.Begin(fleet.Ways);
        Troubles troubles = new(fleet, weather, ledger, network: null);
        await OftenAsync(Settings.Seconds("CHAOS_KILL_SECONDS", 20), TimeSpan.FromSeconds(2), troubles.KillRelayAsync);
        await EndAsync(traffic, fleet, longest: TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task Connections_AllRelaysReplaced_NoneBreaks_AndNoneStandsStillForTwoSeconds()
    {
        Ledger ledger = new();
        Weather weather = new(Random.Shared.Next(), ledger);
        await using Traffic traffic = new(Random.Shared.Next(), Lanes);
        await using Fleet fleet = await Fleet.StartAsync(new FleetSize(3, 1, new() { ["Relay__StopDelay"] = "00:00:01" }), weather, traffic.Targets);
        traffic.Begin(fleet.Ways);
        await Task.Delay(TimeSpan.FromSeconds(2));
        for (int i = 0; i < fleet.Relays.Count; i++)
        {
            Relay former = fleet.Relays[i];
            Relay next = fleet.StartRelay();
            await fleet.ReadyAsync(next);
            fleet.Relays.Add(next);
            fleet.Balance();
            former.Process.Signal(ChildProcess.SigTerm);
            await Waiting.UntilAsync(async () => await fleet.HealthAsync(former) == HttpStatusCode.ServiceUnavailable, "the relay says that it is not ready, and serves");
            fleet.Relays.Remove(next);
            fleet.Relays[i] = next;
            fleet.Balance(); // as a load balancer that has looked
            Assert.Equal(0, await former.Process.ExitAsync(TimeSpan.FromSeconds(10)));
        }

        await EndAsync(traffic, fleet, longest: TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Connections_RedisAway_NoRunningOneNotices_AndNewOnesOpenWithinTwoSecondsOfItsReturn()
    {
        TimeSpan away = Settings.Seconds("CHAOS_REDIS_SECONDS", 20);
        Lane[] lanes =
        [
            new(Shape.PingPong, 15, (long)(away.TotalSeconds + 5) * 20, 200, TimeSpan.FromMilliseconds(50)),
            new(Shape.PingPong, 5, (long)(away.TotalSeconds + 5) * 100, 4000, TimeSpan.FromMilliseconds(10)),
        ];
        Weather weather = new(Random.Shared.Next(), new Ledger());
        await using Traffic traffic = new(Random.Shared.Next(), lanes);
        using Socket listener = Loopback.Listen(out int target);
        await using Fleet fleet = await Fleet.StartAsync(new FleetSize(2, 1), weather, [.. traffic.Targets, target]);
        traffic.Begin(fleet.Ways);
        await Waiting.UntilAsync(() => fleet.Sum("tunnel.sessions.open", fleet.Agent) == 20, "all sessions are open");

        await fleet.Redis.KillAsync();
        await Task.Delay(away - TimeSpan.FromSeconds(1));
        Task<TimeSpan> waiting = OpenAsync(fleet.Ways[^1].Port, listener); // it cannot be opened now, and waits
        await Task.Delay(TimeSpan.FromSeconds(1));
        Assert.False(waiting.IsCompleted);
        long back = Stopwatch.GetTimestamp();
        await fleet.StartRedisAsync();
        await waiting;
        TimeSpan opened = Stopwatch.GetElapsedTime(back);
        Console.Error.WriteLine($"chaos: opened {opened.TotalSeconds:F2} s after Redis had been started, which was away for {away.TotalSeconds} s");
        await EndAsync(traffic, fleet, longest: TimeSpan.FromSeconds(3)); // a busy machine; a session that notices waits for Redis
        Assert.InRange(opened.TotalSeconds, 0, 2);
    }

    private static async Task<TimeSpan> OpenAsync(int port, Socket listener)
    {
        long begun = Stopwatch.GetTimestamp();
        (Socket client, Socket target) = await Loopback.ConnectThroughAsync(port, listener);
        client.Dispose();
        target.Dispose();
        return Stopwatch.GetElapsedTime(begun);
    }

    private static async Task OftenAsync(TimeSpan time, TimeSpan each, Func<Task> make)
    {
        long begun = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begun) < time)
        {
            Task pause = Task.Delay(each);
            await make();
            await pause;
        }
    }

    private async Task EndAsync(Traffic traffic, Fleet fleet, TimeSpan longest)
    {
        try
        {
            await traffic.EndAsync(ToTheEnd);
        }
        finally
        {
            output.WriteLine($"sessions: {traffic.Sessions}, bytes: {traffic.Bytes}, longest stalls: {traffic.Stalls}");
            output.WriteLine($"sent again: {fleet.Sum("tunnel.bytes.retransmitted", fleet.Agent)} bytes up, {fleet.Sum("tunnel.bytes.retransmitted", fleet.Connectors)} down; requests tried again: {fleet.Sum("tunnel.requests.retried", fleet.Agent)}");
            Console.Error.WriteLine($"chaos: sessions: {traffic.Sessions}, bytes: {traffic.Bytes}, longest stalls: {traffic.Stalls}");
        }

        bool good = traffic.Failures.Count == 0 && traffic.Stalls.Longest < longest;
        Assert.True(good, $"longest stalls {traffic.Stalls}; broken: {string.Join('\n', traffic.Failures)}\nlogs: {(good ? "" : fleet.KeepLogs())}");
    }
}
