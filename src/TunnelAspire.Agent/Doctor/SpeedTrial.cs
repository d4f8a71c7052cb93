using System.Diagnostics;

namespace TunnelAspire.Agent.Doctor;

/// <summary>Moves bytes for about a second, and says how many.</summary>
internal static class SpeedTrial
{
    private const long FirstBytes = 64 * 1024;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongEnough = TimeSpan.FromMilliseconds(200);

    /// <summary>Complete messages, several at once.</summary>
    /// <param name="inFlight">How many at once.</param>
    /// <param name="most">Largest message, in bytes.</param>
    /// <param name="moveAsync">Moves one message of a size; returns the bytes that arrived.</param>
    /// <param name="cancellationToken">Ends the trial.</param>
    public static async Task<Throughput> MessagesAsync(int inFlight, long most, Func<long, CancellationToken, Task<long>> moveAsync, CancellationToken cancellationToken)
    {
        // A slow path gets small messages: the first of them tell how slow.
        long size = Math.Min(FirstBytes, most);
        Attempt<long> first;
        while ((first = await Attempt.RunAsync(Patience, limit => moveAsync(size, limit), cancellationToken)) is { Error: null } && first.Took < LongEnough && size < most)
        {
            size = Math.Min(size * 2, most);
        }

        long begun = Stopwatch.GetTimestamp();
        Attempt<long>[] lanes = first.Error is not null ? [first] : await Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => RepeatAsync(begun, limit => moveAsync(size, limit), cancellationToken)));
        return Sum(lanes, begun, size, inFlight);
    }

    /// <summary>Messages that are held open until the time is over, one after another.</summary>
    /// <param name="most">Largest message, in bytes.</param>
    /// <param name="moveAsync">Moves one message until its first token says that it is to end; returns the bytes that arrived.</param>
    /// <param name="cancellationToken">Ends the trial.</param>
    public static async Task<Throughput> StreamAsync(long most, Func<CancellationToken, CancellationToken, Task<long>> moveAsync, CancellationToken cancellationToken)
    {
        using CancellationTokenSource over = new(Duration);
        long begun = Stopwatch.GetTimestamp();
        Attempt<long> lane = await RepeatAsync(begun, limit => moveAsync(over.Token, limit), cancellationToken);
        return Sum([lane], begun, most, 1);
    }

    private static Throughput Sum(Attempt<long>[] lanes, long begun, long size, int inFlight)
    {
        string? error = Array.Find(lanes, lane => lane.Error is not null)?.Error;
        return new Throughput(size, inFlight, error is null ? lanes.Sum(lane => lane.Value) / Stopwatch.GetElapsedTime(begun).TotalSeconds : null, error);
    }

    private static Task<Attempt<long>> RepeatAsync(long begun, Func<CancellationToken, Task<long>> moveAsync, CancellationToken cancellationToken) => Attempt.RunAsync(
        Patience,
        async limit =>
        {
            long moved = 0;
            while (Stopwatch.GetElapsedTime(begun) < Duration)
            {
                moved += await moveAsync(limit);
            }

            return moved;
        },
        cancellationToken);
}
