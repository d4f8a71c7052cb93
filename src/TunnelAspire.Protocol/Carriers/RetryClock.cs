using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Protocol.Carriers;

/// <summary>
/// Decides for the exchanges of a session whether a failed one is tried again and when: jittered exponential back-off, until
/// one of them has failed in a row for the grace time.
/// </summary>
/// <param name="grace">How long an exchange may fail in a row.</param>
/// <param name="time">The clock.</param>
/// <param name="onRetry">Told of each failure that is tried again.</param>
public sealed class RetryClock(TimeSpan grace, TimeProvider time, Action<Exception>? onRetry = null)
{
    /// <summary>An unknown session is tried again for this long: connectors restore lost routes within 20 s.</summary>
    public static readonly TimeSpan UnknownPatience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(10);

    private long _lastRequest = time.GetTimestamp();
    private long _lastFailure; // 0: none

    /// <summary>Failures in a row of one exchange that is repeated. Not shared between exchanges: each has a clock of its own.</summary>
    public sealed class Failures
    {
        internal long Since { get; set; }

        internal long UnknownSince { get; set; }

        /// <summary>How many in a row.</summary>
        public int Count { get; internal set; }

        /// <summary>The exchange has succeeded.</summary>
        public void Reset() => (Count, UnknownSince) = (0, 0);
    }

    /// <summary>Time since the last request of the session was sent.</summary>
    public TimeSpan SinceRequest => time.GetElapsedTime(Volatile.Read(ref _lastRequest));

    /// <summary>
    /// No exchange of the session has failed for a while. Else requests go by themselves: what they would share may lead to a relay
    /// that does not know the session.
    /// </summary>
    public bool IsCalm => Volatile.Read(ref _lastFailure) is var failed && (failed == 0 || time.GetElapsedTime(failed) > Calm);

    /// <summary>A request of the session is being sent.</summary>
    public void RequestSent() => Volatile.Write(ref _lastRequest, time.GetTimestamp());

    /// <summary>Whether the same request may succeed when it is repeated.</summary>
    public static bool CanRetry(Exception failure) =>
        failure is CarrierException || (failure is TunnelException refusal && refusal.Error.Kind() == TunnelErrorKind.Retry);

    /// <summary>Waits by the session's clock.</summary>
    public Task DelayAsync(TimeSpan delay, CancellationToken cancellationToken) => Task.Delay(delay, time, cancellationToken);

    /// <summary>Waits before the next attempt, or throws what ends the session.</summary>
    /// <param name="failure">Why the attempt failed.</param>
    /// <param name="failures">The failures before it, to which it is added.</param>
    /// <param name="cancellationToken">Ends the wait: the session has ended otherwise.</param>
    /// <exception cref="TunnelException">The failure is final, or has lasted for the grace time.</exception>
    public async Task PauseAsync(Exception failure, Failures failures, CancellationToken cancellationToken)
    {
        if (failure is TunnelException && !CanRetry(failure))
        {
            throw failure;
        }

        TimeSpan lasted = Count(failure, failures);
        if (lasted > grace || (failures.UnknownSince != 0 && time.GetElapsedTime(failures.UnknownSince) > UnknownPatience))
        {
            throw new TunnelException(TunnelError.SessionGone, $"given up after {lasted.TotalSeconds:F0} s of failures, last: {failure.Message}", failure);
        }

        onRetry?.Invoke(failure);
        double pause = IsLimited(failure) ? LongestPause.TotalMilliseconds : Math.Min(LongestPause.TotalMilliseconds, FirstPause.TotalMilliseconds * Math.Pow(2, Math.Min(failures.Count - 1, 10)));
        await Task.Delay(TimeSpan.FromMilliseconds(pause * (0.5 + (Random.Shared.NextDouble() / 2))), time, cancellationToken);
    }

    /// <summary>The server has too much to do already: it is left alone for as long as its Retry-After says.</summary>
    private static bool IsLimited(Exception failure) => failure is TunnelException { Error: TunnelError.TooMany or TunnelError.Overloaded };

    /// <summary>Adds the failure to its row; returns how long the row has lasted.</summary>
    private TimeSpan Count(Exception failure, Failures failures)
    {
        long now = time.GetTimestamp();
        Volatile.Write(ref _lastFailure, now);
        if (failures.Count++ == 0)
        {
            failures.Since = now;
        }

        bool unknown = failure is TunnelException { Error: TunnelError.SessionUnknown };
        failures.UnknownSince = !unknown ? 0 : failures.UnknownSince == 0 ? now : failures.UnknownSince;
        return time.GetElapsedTime(failures.Since, now);
    }
}
