namespace TunnelAspire.Connector.Policy;

/// <summary>What a rule lets a session, and a caller's sessions together, take at one connector. Null: no limit.</summary>
/// <param name="MaxSessions">Most sessions of one caller at once that the rule has allowed, those being opened included. 1 to 1,000,000.</param>
/// <param name="Lifetime">How long a session may last. 1 s to 30 days.</param>
/// <param name="BytesPerSecondUp">Bytes a second from clients to targets, of all such sessions of one caller together. 4096 to 1,000,000,000,000.</param>
/// <param name="BytesPerSecondDown">Bytes a second from targets to clients, likewise.</param>
public sealed record SessionTerms(int? MaxSessions = null, TimeSpan? Lifetime = null, long? BytesPerSecondUp = null, long? BytesPerSecondDown = null)
{
    /// <summary>No limits.</summary>
    public static SessionTerms Unlimited { get; } = new();

    /// <summary>Lowest rate: below it a session would not do the handshakes of its protocol in time.</summary>
    public const long LowestRate = 4096;

    /// <summary>Highest rate; whoever wants more wants none.</summary>
    public const long HighestRate = 1_000_000_000_000;
}
