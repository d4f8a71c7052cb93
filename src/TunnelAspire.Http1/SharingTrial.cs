namespace TunnelAspire.Http1;

/// <summary>Whether requests to a server can share a connection.</summary>
/// <param name="RoundTrip">From a few bytes in one to their answer; null where they cannot.</param>
/// <param name="Obstacle">Why they cannot; null where they can.</param>
public sealed record SharingTrial(TimeSpan? RoundTrip, string? Obstacle);
