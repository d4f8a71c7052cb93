using TunnelAspire.IntegrationTests.Chaos.Faults;
using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.IntegrationTests.Chaos.Processes;

/// <summary>Something that can befall processes and ways.</summary>
/// <param name="Name">What it is called in the report.</param>
/// <param name="Make">Makes it, and ends with it.</param>
/// <param name="LosesRoutes">Redis forgets what it knew.</param>
internal sealed record Trouble(string Name, Func<Task> Make, bool LosesRoutes = false)
{
    public override string ToString() => Name;
}

/// <summary>
/// What can befall the processes and the ways between them. Everything stays below the clocks that would rightly end a session:
/// a connector stands still, or is cut off from Redis while somebody asks for it, for less than its lease; an agent for less than the grace time.
/// </summary>
internal sealed class Troubles(Fleet fleet, Weather weather, Ledger ledger, AgentNetwork? network)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>All kinds.</summary>
    public IEnumerable<Trouble> All() =>
    [
        new("relay killed", KillRelayAsync),
        new("all relays killed", KillAllRelaysAsync),
        new("all relays replaced", ReplaceRelaysAsync),
        new("relay stopped", () => StopAsync(fleet.Relays[weather.Below(fleet.Relays.Count)].Process, 3000)),
        new("connector stopped", () => StopAsync(fleet.Connectors[weather.Below(fleet.Connectors.Count)], 1500)),
        new("agent stopped", () => StopAsync(fleet.Agent, 3000)),
        new("redis stopped", () => StopAsync(fleet.Redis, 4000)),
        new("redis restarted empty", RestartRedisAsync, LosesRoutes: true),
        new("redis emptied", fleet.EmptyRedisAsync, LosesRoutes: true),
        new("redis slow", SlowRedisAsync),
        new("redis unreachable", BarRedisAsync),
        new("redis silent", SilenceRedisAsync),
        new("connectors' connections cut", CutConnectorsAsync),
        .. network is null ? (IEnumerable<Trouble>)[] : [new("agent's network changed", network.ChangeAsync)],
    ];

    /// <summary>Makes one, and counts it.</summary>
    public async Task MakeAsync(Trouble trouble)
    {
        await trouble.Make();
        ledger.Add(trouble.Name);
    }

    /// <summary>Kills a relay, which another one takes the place of.</summary>
    public async Task KillRelayAsync()
    {
        int number = weather.Below(fleet.Relays.Count);
        await fleet.Relays[number].Process.KillAsync();
        await ReplaceAsync(number);
    }

    /// <summary>Replaces all relays, one after the other: the new one first.</summary>
    public async Task ReplaceRelaysAsync()
    {
        for (int i = 0; i < fleet.Relays.Count; i++)
        {
            Relay former = fleet.Relays[i];
            await ReplaceAsync(i);
            former.Process.Signal(ChildProcess.SigTerm);
            if (await former.Process.ExitAsync(Patience) is not 0 and var code)
            {
                throw new InvalidOperationException($"a relay that was told to stop exited with {code}");
            }
        }
    }

    private async Task KillAllRelaysAsync()
    {
        foreach (Relay relay in fleet.Relays)
        {
            relay.Process.Signal(ChildProcess.SigKill);
        }

        for (int i = 0; i < fleet.Relays.Count; i++)
        {
            await ReplaceAsync(i);
        }
    }

    private async Task ReplaceAsync(int number)
    {
        Relay next = fleet.StartRelay();
        await Fleet.ServesAsync(next);
        fleet.Relays[number] = next;
        fleet.Balance();
    }

    private async Task StopAsync(ChildProcess process, int longest)
    {
        process.Signal(ChildProcess.SigStop);
        await Task.Delay(200 + weather.Below(longest - 200));
        process.Signal(ChildProcess.SigCont);
    }

    private async Task RestartRedisAsync()
    {
        await fleet.Redis.KillAsync();
        await Task.Delay(weather.Below(2000));
        await fleet.StartRedisAsync();
    }

    private async Task SlowRedisAsync()
    {
        fleet.RedisWay.Slow(TimeSpan.FromMilliseconds(20 + weather.Below(500)));
        await Task.Delay(3000);
        fleet.RedisWay.Slow(TimeSpan.Zero);
    }

    private async Task BarRedisAsync()
    {
        fleet.RedisWay.Bar(true);
        await Task.Delay(500 + weather.Below(4000));
        fleet.RedisWay.Bar(false);
    }

    private async Task SilenceRedisAsync()
    {
        TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        fleet.RedisWay.Silence(over.Task);
        await Task.Delay(500 + weather.Below(3000));
        over.SetResult();
    }

    private async Task CutConnectorsAsync()
    {
        for (int i = 0; i < 4; i++)
        {
            fleet.ConnectorWays.ForEach(way => way.CutAfter(300_000, weather));
            await Task.Delay(250);
        }
    }
}
