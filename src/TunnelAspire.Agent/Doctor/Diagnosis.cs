using TunnelAspire.Agent.Doctor.Output;

namespace TunnelAspire.Agent.Doctor;

/// <summary>Where the diagnosis ended.</summary>
/// <param name="Step">The examination that failed, by the name of its field in the JSON document.</param>
/// <param name="Reason">What is wrong.</param>
/// <param name="Advice">What to do next.</param>
internal sealed record Failure(string Step, string Reason, string Advice);

/// <summary>Everything that was found, in the order in which it was; what was not examined is null.</summary>
internal sealed class Diagnosis
{
    /// <summary>URL of the relays.</summary>
    public required string Server { get; init; }

    /// <summary>Whether the tunnel can be used.</summary>
    public bool Usable => Verdict is { Usable: true };

    /// <summary>The forward proxy, or none.</summary>
    public NextHop? Hop { get; set; }

    /// <summary>Name resolution.</summary>
    public NameFinding? Name { get; set; }

    /// <summary>TCP.</summary>
    public ConnectFinding? Connect { get; set; }

    /// <summary>TLS; null for http.</summary>
    public TlsFinding? Tls { get; set; }

    /// <summary>Who is in between.</summary>
    public PathFinding? Path { get; set; }

    /// <summary>HTTP versions.</summary>
    public VersionsFinding? Versions { get; set; }

    /// <summary>Buffering of either direction.</summary>
    public BufferingFinding? Buffering { get; set; }

    /// <summary>Largest bodies.</summary>
    public BodyFinding? Bodies { get; set; }

    /// <summary>Limit of quiet requests; null if it was not looked for.</summary>
    public QuietFinding? Quiet { get; set; }

    /// <summary>Round trip.</summary>
    public RoundTripFinding? RoundTrip { get; set; }

    /// <summary>Lanes.</summary>
    public LanesFinding? Lanes { get; set; }

    /// <summary>Throughput of each mode.</summary>
    public ThroughputFinding? Throughput { get; set; }

    /// <summary>Why it ended early; null if it did not.</summary>
    public Failure? Failure { get; set; }

    /// <summary>What it amounts to.</summary>
    public Verdict? Verdict { get; set; }

    /// <summary>What was found, in order.</summary>
    internal IEnumerable<IFinding> Findings =>
        new IFinding?[] { Hop, Name, Connect, Tls, Path, Versions, Buffering, Bodies, Quiet, RoundTrip, Lanes, Throughput }.OfType<IFinding>();
}
