using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Load;
using TunnelAspire.Benchmarks.Processes;

namespace TunnelAspire.Benchmarks.Measures;

/// <summary>
/// Resident memory for a session that carries nothing: of all the contestant's processes, when a few are open and when many have
/// been parked for two hold periods. The few stay open: what a process needs for its first sessions is not what a session costs,
/// and the room that closed ones leave would hide what others cost.
/// </summary>
internal static class IdleMemory
{
    private const int MostBefore = 200;
    private const int PartBefore = 5;
    private const int WarmUpAtOnce = 16;
    private const long WarmUpBytes = 4L << 20;
    private static readonly TimeSpan WarmUpDuration = TimeSpan.FromMilliseconds(200);
    private const int Readings = 6;
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan BetweenReadings = TimeSpan.FromSeconds(5); // all of them take longer than a hold period: none of its moments counts alone

    /// <summary>Two of the connector's hold periods, with some room: by then each parked request has been answered and renewed.</summary>
    public static readonly TimeSpan Parked = TimeSpan.FromSeconds((2 * 25) + 5);

    /// <summary>How many sessions a contestant can be asked for.</summary>
    public static int Sessions(Contestant contestant, int wanted) => Math.Min(wanted, contestant.MostSessions);

    /// <summary>How many of so many sessions are open already at the first reading.</summary>
    public static int Before(int sessions) => Math.Min(MostBefore, sessions / PartBefore);

    /// <summary>Has some code compiled, then opens the first of so many sessions.</summary>
    public static async Task BeginAsync(Contestant contestant, LoadClient load, int sessions, CancellationToken cancellationToken)
    {
        await load.ConnectsAsync(contestant.Port, WarmUpAtOnce, WarmUpDuration, cancellationToken);
        await load.TransferAsync(contestant.Port, WarmUpBytes, WarmUpBytes, cancellationToken);
        await load.OpenAsync(contestant.Port, Before(sessions), cancellationToken);
    }

    /// <summary>Opens the others.</summary>
    public static Task GoOnAsync(Contestant contestant, LoadClient load, int sessions, CancellationToken cancellationToken) =>
        load.OpenAsync(contestant.Port, sessions - Before(sessions), cancellationToken);

    /// <summary>Memory for a session by the two readings, KiB.</summary>
    public static double ForASession(long before, long after, int sessions) => (after - before) / (double)(sessions - Before(sessions));

    /// <summary>Waits until the first sessions are parked.</summary>
    public static Task SettleAsync(CancellationToken cancellationToken) => Task.Delay(Settle, cancellationToken);

    /// <summary>The medians of several readings, one after the other: what is asked anew after each hold period needs memory for a moment.</summary>
    public static async Task<long[]> MedianAsync(Func<long[]> read, CancellationToken cancellationToken)
    {
        List<long[]> readings = [read()];
        while (readings.Count < Readings)
        {
            await Task.Delay(BetweenReadings, cancellationToken);
            readings.Add(read());
        }

        return [.. readings[0].Select((_, i) => readings.Select(reading => reading[i]).Order().ElementAt(Readings / 2))];
    }

    /// <summary>Resident memory now, KiB, of all its processes.</summary>
    public static long ResidentKiB(Contestant contestant) => ProcessTree.ResidentKiB(contestant.Processes.Select(process => process.Id));
}
