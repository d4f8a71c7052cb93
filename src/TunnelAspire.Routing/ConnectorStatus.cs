namespace TunnelAspire.Routing;

/// <summary>One run of one connector.</summary>
/// <param name="Name">The connector's name; unique among those that share a store.</param>
/// <param name="Epoch">Changes at each start (Unix time in milliseconds), so that routes to an earlier run show themselves.</param>
/// <param name="Url">Where relays reach it.</param>
public sealed record ConnectorAddress(string Name, long Epoch, Uri Url);

/// <summary>A connector's heartbeat.</summary>
/// <param name="Address">Which run it is.</param>
/// <param name="Sessions">Sessions that it holds.</param>
/// <param name="Draining">It takes no new sessions.</param>
public sealed record ConnectorStatus(ConnectorAddress Address, int Sessions, bool Draining);
