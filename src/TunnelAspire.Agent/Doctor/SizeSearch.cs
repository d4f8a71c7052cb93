using System.Diagnostics;

namespace TunnelAspire.Agent.Doctor;

/// <summary>How large a body may be.</summary>
/// <param name="Largest">The largest that passed, in bytes; 0 if none did.</param>
/// <param name="Refused">The smallest that did not, in bytes; null if all passed that were tried.</param>
/// <param name="Error">Why it did not.</param>
internal sealed record SizeLimit(long Largest, long? Refused, string? Error);

/// <summary>Finds the largest body that passes: upwards in steps of four, then halfway between the last that passed and the first that did not.</summary>
/// <param name="tryAsync">Tries a size; returns why it did not pass, or null.</param>
/// <param name="budget">No size is tried that would, by the time of the one before it, take longer than what is left of this.</param>
internal sealed class SizeSearch(Func<long, CancellationToken, Task<string?>> tryAsync, TimeSpan budget)
{
    /// <summary>The smallest size that matters: the agent's messages become no smaller.</summary>
    public const long Smallest = 4 * 1024;

    /// <summary>The largest that a relay takes.</summary>
    public const long Most = 64 * 1024 * 1024;

    private const long First = 64 * 1024;
    private const int Step = 4;

    /// <summary>Searches.</summary>
    public async Task<SizeLimit> RunAsync(CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        SizeLimit found = new(0, null, null);
        for (long? next = First; next is { } size; next = Next(found))
        {
            long tried = Stopwatch.GetTimestamp();
            string? error = await tryAsync(size, cancellationToken);
            found = error is null ? found with { Largest = size } : found with { Refused = size, Error = error };
            if (found.Refused is null && Stopwatch.GetElapsedTime(tried) * Step > budget - Stopwatch.GetElapsedTime(begun))
            {
                break; // larger ones may pass, but slowly
            }
        }

        return found;
    }

    private static long? Next(SizeLimit found) => found switch
    {
        { Refused: null, Largest: >= Most } => null,
        { Refused: null } => found.Largest * Step,
        { Largest: 0, Refused: <= Smallest } => null,
        { Largest: 0, Refused: { } refused } => refused / Step,
        { Refused: { } refused } => refused > found.Largest * 2 ? refused / 2 : null,
    };
}
