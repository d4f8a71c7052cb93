using System.Diagnostics;

namespace TunnelAspire.IntegrationTests.Harness;

/// <summary>Waits for a condition, bounded.</summary>
public static class Waiting
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits until <paramref name="condition"/> holds.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what, TimeSpan? patience = null)
    {
        TimeSpan limit = patience ?? TimeSpan.FromSeconds(30);
        long begun = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(begun) > limit)
            {
                throw new TimeoutException($"not within {limit.TotalSeconds} s: {what}");
            }

            await Task.Delay(Step);
        }
    }

    /// <summary>Waits until <paramref name="condition"/> holds.</summary>
    public static Task UntilAsync(Func<bool> condition, string what, TimeSpan? patience = null) =>
        UntilAsync(() => Task.FromResult(condition()), what, patience);
}
