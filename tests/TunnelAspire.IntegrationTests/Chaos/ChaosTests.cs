using TunnelAspire.IntegrationTests.Chaos.Faults;
using TunnelAspire.IntegrationTests.Chaos.Load;
using TunnelAspire.IntegrationTests.Chaos.Processes;
using TunnelAspire.IntegrationTests.Telemetry;
using Xunit;

namespace TunnelAspire.IntegrationTests.Chaos;

/// <summary>Everything at once, at random moments. <c>eng/chaos.sh</c> runs it for longer, or again with a seed.</summary>
[Trait("Category", "Chaos")]
public sealed class ChaosTests(ITestOutputHelper output)
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan ToTheEnd = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LastGrace = TimeSpan.FromSeconds(90); // a session whose end was lost goes with the grace time

    private static readonly Lane[] Lanes =
    [
        new(Shape.Bulk, 12, 12_000_000, 12_000_000, Rate: 1_200_000),
        new(Shape.HalfClose, 6, 6_000_000, 8_000_000, Rate: 1_000_000),
        new(Shape.HalfClose, 10, 800, 3000, TimeSpan.FromMilliseconds(100)),
        new(Shape.ServerFirst, 6, 2000, 40_000, TimeSpan.FromMilliseconds(150)),
        new(Shape.PingPong, 10, 200, 100, TimeSpan.FromMilliseconds(20)),
        new(Shape.PingPong, 10, 8, 1000, TimeSpan.FromSeconds(2)),
    ];

    [Fact]
    public async Task Connections_EverythingFailsAtRandomMoments_LoseNothing()
    {
        int seed = Settings.Number("CHAOS_SEED", Random.Shared.Next());
        TimeSpan time = TimeSpan.FromSeconds(Settings.Number("CHAOS_SECONDS", 60));
        Tell($"seed {seed}, {time.TotalSeconds} s");
        Ledger ledger = new();
        Weather weather = new(seed, ledger);
        await using AgentNetwork network = await AgentNetwork.CreateAsync();
        await using Traffic traffic = new(seed, Lanes);
        await using Fleet fleet = await Fleet.StartAsync(new FleetSize(3, 2, new() { ["Connector__Hold"] = "00:00:04", ["Connector__Grace"] = "00:01:00" }), weather, traffic.Targets, network);
        Leftovers before = await AtRestAsync(traffic, fleet);
        traffic.Begin(fleet.Ways);
        using Injector injector = new(seed, new Troubles(fleet, weather, ledger, network), weather, Tell);
        await injector.RunAsync(time);
        TimeoutException? stuck = null;
        try
        {
            await traffic.EndAsync(ToTheEnd);
        }
        catch (TimeoutException e)
        {
            stuck = e;
        }

        Report(traffic, ledger, fleet);
        bool good = stuck is null && traffic.Failures.Count == 0;
        Assert.True(good, $"seed {seed}: {stuck?.Message}{string.Join('\n', traffic.Failures)}\nlogs: {(good ? "" : fleet.KeepLogs())}");
        fleet.CutAll();
        Tell(await before.RequireNoneAsync(memoryMiB: 8, patience: LastGrace, now: fleet.Services()));
    }

    /// <summary>What the processes hold when they have worked, and rest: code and pools are made with the first work.</summary>
    private static async Task<Leftovers> AtRestAsync(Traffic traffic, Fleet fleet)
    {
        traffic.Begin(fleet.Ways);
        await Task.Delay(WarmUp);
        try
        {
            await traffic.EndAsync(ToTheEnd / 2);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}, though nothing was disturbed; {string.Join('\n', traffic.Failures)}; logs: {fleet.KeepLogs()}", e);
        }

        fleet.CutAll();
        await fleet.QuietAsync();
        return await Leftovers.TakeAsync(fleet.Metrics, fleet.Services());
    }

    private void Report(Traffic traffic, Ledger ledger, Fleet fleet)
    {
        Tell($"faults: {ledger.Total} of {ledger.Kinds} kinds: {ledger}");
        Tell($"sessions: {traffic.Sessions}, bytes: {traffic.Bytes}, opened and not used: {traffic.Strays}");
        Tell($"sent again: {fleet.Sum("tunnel.bytes.retransmitted", fleet.Agent)} bytes up, {fleet.Sum("tunnel.bytes.retransmitted", fleet.Connectors)} down; requests tried again: {fleet.Sum("tunnel.requests.retried", fleet.Agent)}");
        Tell($"longest stalls: {traffic.Stalls}");
        foreach (string failure in traffic.Failures)
        {
            Tell($"FAILED: {failure}");
        }
    }

    private void Tell(string line)
    {
        output.WriteLine(line);
        Console.Error.WriteLine($"chaos: {line}");
    }
}
