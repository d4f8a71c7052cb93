using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Load;
using TunnelAspire.Benchmarks.Processes;

namespace TunnelAspire.Benchmarks.Measures;

/// <summary>
/// Resident memory for a session that carries nothing: of all the contestant's processes, before many were opened and when they
/// have been parked for two hold periods. Code that is compiled on first use is warmed up before.
/// </summary>
internal static class IdleMemory
{
    private const int WarmUpAtOnce = 16;
    private const long WarmUpBytes = 4L << 20;
    private static readonly TimeSpan WarmUpDuration = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(5);

    /// <summary>Two of the connector's hold periods, with some room: by then each parked request has been answered and renewed.</summary>
    public static readonly TimeSpan Parked = TimeSpan.FromSeconds((2 * 25) + 5);

    /// <summary>How many sessions a contestant can be asked for.</summary>
    public static int Sessions(Contestant contestant, int wanted) => Math.Min(wanted, contestant.MostSessions);

    /// <summary>Opens sessions one after the other, and carries some bytes. Few and little: the room that they leave in the heap hides what sessions cost.</summary>
    public static async Task WarmUpAsync(Contestant contestant, LoadClient load, CancellationToken cancellationToken)
    {
        await load.ConnectsAsync(contestant.Port, WarmUpAtOnce, WarmUpDuration, cancellationToken);
        await load.TransferAsync(contestant.Port, WarmUpBytes, WarmUpBytes, cancellationToken);
    }

    /// <summary>Waits until what was opened for the warm-up has gone.</summary>
    public static Task SettleAsync(CancellationToken cancellationToken) => Task.Delay(Settle, cancellationToken);

    /// <summary>Resident memory now, KiB, of all its processes.</summary>
    public static long ResidentKiB(Contestant contestant) => ProcessTree.ResidentKiB(contestant.Processes.Select(process => process.Id));
}
