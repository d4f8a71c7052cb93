namespace TunnelAspire.Agent.Paths;

/// <summary>What a probe has found out.</summary>
/// <param name="SendStreams">Parts of a request's body pass up at once.</param>
/// <param name="ReceiveStreams">Parts of an answer's body come down at once.</param>
/// <param name="RoundTrip">Time from a small request to its answer.</param>
/// <param name="LargestBody">Largest body that was let up, in bytes; null where it was not tried.</param>
/// <param name="Protocol">HTTP version in which requests reach the relay.</param>
public sealed record PathMeasurement(bool SendStreams, bool ReceiveStreams, TimeSpan RoundTrip, int? LargestBody, string Protocol);

/// <summary>What gives cause to measure a path again.</summary>
public enum PathTrouble
{
    /// <summary>Nothing has happened; some time has passed.</summary>
    None,

    /// <summary>A message was lost, or somebody in between answered it.</summary>
    Failure,

    /// <summary>A message is too large for the path.</summary>
    TooLarge,

    /// <summary>An answer is overdue: somebody holds it back.</summary>
    HeldBack,

    /// <summary>The machine's addresses have changed: it is another path.</summary>
    NetworkChanged,
}
