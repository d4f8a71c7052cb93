using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Protocol.Carriers;

/// <summary>
/// Decides, for all exchanges of a session together, whether a failed one is tried again and when: jittered exponential
/// back-off, until nothing has been answered for the grace time.
/// </summary>
/// <param name="grace">How long a session may go without any answer.</param>
/// <param name="time">The clock.</param>
/// <param name="onRetry">Told of each failure that is tried again.</param>
public sealed class RetryClock(TimeSpan grace, TimeProvider time, Action<Exception>? onRetry = null)
{
    /// <summary>An unknown session is tried again for this long: a route that Redis lost is restored within a heartbeat.</summary>
    public static readonly TimeSpan UnknownPatience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private long _lastAnswer = time.GetTimestamp();

    /// <summary>Time since the second component last answered.</summary>
    public TimeSpan Silence => time.GetElapsedTime(Volatile.Read(ref _lastAnswer));

    /// <summary>The second component has answered.</summary>
    public void Answered() => Volatile.Write(ref _lastAnswer, time.GetTimestamp());

    /// <summary>Whether the same request may succeed when it is repeated.</summary>
    public static bool CanRetry(Exception failure) =>
        failure is CarrierException || (failure is TunnelException refusal && refusal.Error.Kind() == TunnelErrorKind.Retry);

    /// <summary>Waits by the session's clock.</summary>
    public Task DelayAsync(TimeSpan delay, CancellationToken cancellationToken) => Task.Delay(delay, time, cancellationToken);

    /// <summary>Waits before the next attempt, or throws what ends the session.</summary>
    /// <param name="failure">Why the attempt failed.</param>
    /// <param name="attempt">How many attempts in a row have failed before it.</param>
    /// <param name="cancellationToken">Ends the wait: the session has ended otherwise.</param>
    /// <exception cref="TunnelException">The failure is final, or has lasted for the grace time.</exception>
    public async Task PauseAsync(Exception failure, int attempt, CancellationToken cancellationToken)
    {
        if (failure is TunnelException && !CanRetry(failure))
        {
            throw failure;
        }

        TimeSpan patience = failure is TunnelException { Error: TunnelError.SessionUnknown } && grace > UnknownPatience ? UnknownPatience : grace;
        if (Silence > patience)
        {
            throw new TunnelException(TunnelError.SessionGone, $"no answer for {Silence.TotalSeconds:F0} s, last: {failure.Message}", failure);
        }

        onRetry?.Invoke(failure);
        double pause = Math.Min(LongestPause.TotalMilliseconds, FirstPause.TotalMilliseconds * Math.Pow(2, Math.Min(attempt, 10)));
        await Task.Delay(TimeSpan.FromMilliseconds(pause * (0.5 + (Random.Shared.NextDouble() / 2))), time, cancellationToken);
    }
}
