using System.Diagnostics;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Doctor;

/// <summary>One exchange that may fail, which then is what was to be found out.</summary>
/// <param name="Value">What it brought.</param>
/// <param name="Error">Why it failed; null if it did not.</param>
/// <param name="Took">How long it took.</param>
internal sealed record Attempt<T>(T? Value, string? Error, TimeSpan Took);

/// <summary>Makes attempts.</summary>
internal static class Attempt
{
    /// <summary>Tries for as long as <paramref name="patience"/> allows.</summary>
    public static async Task<Attempt<T>> RunAsync<T>(TimeSpan patience, Func<CancellationToken, Task<T>> exchange, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        long begun = Stopwatch.GetTimestamp();
        string error;
        try
        {
            T value = await exchange(limit.Token);
            return new Attempt<T>(value, null, Stopwatch.GetElapsedTime(begun));
        }
        catch (Exception e) when (e is CarrierException or TunnelException or IOException or HttpRequestException)
        {
            error = e.Message;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            error = "no answer"; // the limit
        }

        return new Attempt<T>(default, error, Stopwatch.GetElapsedTime(begun));
    }
}
