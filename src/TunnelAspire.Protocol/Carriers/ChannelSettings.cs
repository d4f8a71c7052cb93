using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Protocol.Carriers;

/// <summary>How a channel moves its bytes. All modes are the same mechanism with other parameters.</summary>
public enum ChannelMode
{
    /// <summary>One message at a time, the next one after its answer: claims 1–27 to the letter.</summary>
    Poll,

    /// <summary>Several complete messages in flight, put in order by offset: for long round trips.</summary>
    Burst,

    /// <summary>A message is held open while bytes flow, and the next one waits behind it: for paths that pass on at once what they get.</summary>
    Stream,
}

/// <summary>The parameters of one channel, that is, of one direction.</summary>
/// <param name="Mode">The name of the parameters.</param>
/// <param name="MaxBytes">Most bytes in one message.</param>
/// <param name="InFlight">Most messages under way at once.</param>
/// <param name="Hold">How long a read request waits for bytes.</param>
public sealed record ChannelSettings(ChannelMode Mode, int MaxBytes, int InFlight, TimeSpan Hold)
{
    /// <summary>How long an answer may be overdue, beyond the hold time, before the exchange counts as lost.</summary>
    public static readonly TimeSpan Slack = TimeSpan.FromSeconds(5);

    /// <summary>A message that is held open ends when no byte has come for so long: no system in between cuts it for being quiet.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    /// <summary>Most bytes of a brief message. Where little flows, messages in <see cref="ChannelMode.Stream"/> are brief: they may share a connection with other sessions'.</summary>
    public const int BriefBytes = 64 * 1024;

    /// <summary>Messages in flight in <see cref="ChannelMode.Burst"/> where the round trip is short.</summary>
    public const int FewInFlight = 4;

    /// <summary>Messages in flight in <see cref="ChannelMode.Burst"/> where the round trip is long.</summary>
    public const int ManyInFlight = 16;

    /// <summary>The same for a message that is brief, where <paramref name="light"/>: so little flows.</summary>
    public (int MaxBytes, bool Brief) Message(bool light) =>
        Mode == ChannelMode.Stream && light ? (Math.Min(MaxBytes, BriefBytes), true) : (MaxBytes, false);

    /// <summary>The settings of <paramref name="mode"/> within the limits that the connector told.</summary>
    /// <param name="mode">How the bytes move.</param>
    /// <param name="limits">What both ends hold to.</param>
    /// <param name="inFlight">Messages in flight in <see cref="ChannelMode.Burst"/>: the round trip asks for it.</param>
    public static ChannelSettings For(ChannelMode mode, SessionLimits limits, int inFlight = FewInFlight) => mode switch
    {
        ChannelMode.Poll => new(mode, Math.Min(limits.MaxBody, limits.Window), 1, limits.Hold),
        ChannelMode.Burst => new(mode, Math.Min(limits.MaxBody, Math.Max(1, limits.Window / 8)), inFlight, limits.Hold),
        ChannelMode.Stream => new(mode, Math.Min(limits.MaxBody, Math.Max(1, limits.Window / 4)), 2, limits.Hold),
        _ => throw new ArgumentOutOfRangeException(nameof(mode)),
    };
}
