using System.Diagnostics;

namespace TunnelAspire.Tests.Harness;

/// <summary>Waits that are bounded, and generous: a busy machine is no failure.</summary>
internal static class Waiting
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    /// <summary>The task's result, or a failure if it does not end.</summary>
    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(Patience);

    public static Task Soon(this Task task) => task.WaitAsync(Patience);

    public static Task<T> Soon<T>(this ValueTask<T> task) => task.AsTask().WaitAsync(Patience);

    public static Task Soon(this ValueTask task) => task.AsTask().WaitAsync(Patience);

    public static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        long begun = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(begun) > Patience)
            {
                throw new TimeoutException($"not within {Patience.TotalSeconds} s: {what}");
            }

            await Task.Delay(Step);
        }
    }

    public static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    /// <summary>Nobody holds on to it any more, once all who are still on their way out have left.</summary>
    public static Task IsLetGoAsync(this WeakReference memory) => UntilAsync(
        () =>
        {
            GC.Collect();
            return !memory.IsAlive;
        },
        "the memory is let go of");
}
