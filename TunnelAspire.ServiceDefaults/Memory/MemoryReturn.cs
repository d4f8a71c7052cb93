using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace TunnelAspire.Memory;

/// <summary>
/// Gives memory back to the system once a process has become quiet. The collector works when something is allocated: after a burst it
/// keeps, for as long as nothing happens, the room that the burst needed. Who has 10,000 sessions that say nothing pays for it.
/// </summary>
/// <remarks>
/// A look every five seconds is all that it costs a busy process. The collection stops the process, for about as many milliseconds
/// as there are ten megabytes alive; nothing waits for it, because only a quiet process is stopped.
/// </remarks>
internal sealed partial class MemoryReturn(TimeProvider time, ILogger<MemoryReturn> logger) : BackgroundService
{
    private readonly Quietness _quietness = new();

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer looks = new(Quietness.Look, time);
        try
        {
            await LookAsync(looks, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops, or could not start.
        }
    }

    private async Task LookAsync(PeriodicTimer looks, CancellationToken cancellationToken)
    {
        TimeSpan used = Environment.CpuUsage.TotalTime;
        long looked = time.GetTimestamp();
        while (await looks.WaitForNextTickAsync(cancellationToken))
        {
            TimeSpan usedNow = Environment.CpuUsage.TotalTime;
            double share = (usedNow - used) / time.GetElapsedTime(looked);
            (used, looked) = (usedNow, time.GetTimestamp());
            if (_quietness.IsCollectionDue(share, Held()))
            {
                Collect();
            }
        }
    }

    /// <summary>Bytes that the collector has of the system: those of its last collection, or more if more has been allocated since.</summary>
    private static long Held() => Math.Max(GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes, GC.GetTotalMemory(forceFullCollection: false));

    private void Collect()
    {
        long held = Held();
        long begun = time.GetTimestamp();
        SharedArrays.LetGo();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
        GC.WaitForPendingFinalizers(); // they let go of more, among it what each thread has of the array pool
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        CLibrary.Trim();
        long left = GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes;
        _quietness.Collected(left);
        GivenBack(held >> 10, left >> 10, time.GetElapsedTime(begun).TotalMilliseconds);
    }

    [LoggerMessage(2940, LogLevel.Debug, "Quiet: the heap had {HeldKiB} KiB of the system, and has {LeftKiB} KiB; it took {Milliseconds:0.0} ms")]
    private partial void GivenBack(long heldKiB, long leftKiB, double milliseconds);
}
