namespace TunnelAspire.Protocol.Carriers;

/// <summary>What is known of a path: the sessions that take it go by this. Whoever learns more puts another object in its place.</summary>
/// <param name="Send">How bytes go up.</param>
/// <param name="Receive">How they come down.</param>
public sealed record PathTerms(ChannelMode Send, ChannelMode Receive)
{
    /// <summary>Messages under way at once in a direction that is in <see cref="ChannelMode.Burst"/>, at most.</summary>
    public int InFlight { get; init; } = ChannelSettings.FewInFlight;

    /// <summary>Largest body that the path lets up, in bytes.</summary>
    public int LargestBody { get; init; } = int.MaxValue;

    /// <summary>How long the path lets a quiet request live, at most.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.MaxValue;
}
