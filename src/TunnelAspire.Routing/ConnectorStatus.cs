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

/// <summary>What the routing store knows of one run of a connector.</summary>
public enum RunState
{
    /// <summary>Nothing that counts: the store may have been emptied, or was out of reach until a moment ago, and the connector is about to announce itself again.</summary>
    Unknown,

    /// <summary>Its lease stands.</summary>
    Lives,

    /// <summary>It has withdrawn, its lease has ended, or another run has taken its place.</summary>
    Ended,
}
