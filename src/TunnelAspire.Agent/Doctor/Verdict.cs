using Microsoft.Extensions.Options;
using TunnelAspire.Agent.Paths;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Doctor;

/// <summary>What the agent would use in one direction.</summary>
/// <param name="Mode">How bytes are moved.</param>
/// <param name="MessageBytes">Most bytes of a message.</param>
/// <param name="InFlight">Messages under way at once.</param>
internal sealed record DirectionChoice(ChannelMode Mode, long MessageBytes, int InFlight);

/// <summary>What the findings amount to.</summary>
/// <param name="Usable">Whether the tunnel can be used.</param>
/// <param name="Summary">In one sentence.</param>
/// <param name="Remarks">What limits it, and what would help.</param>
/// <param name="Up">What the agent would use upwards; null if the tunnel cannot be used.</param>
/// <param name="Down">What the agent would use downwards.</param>
/// <param name="HoldSeconds">How long the agent would let a request wait for bytes.</param>
/// <param name="Lanes">Whether sessions with little to say would share a connection.</param>
internal sealed record Verdict(
    bool Usable, string Summary, IReadOnlyList<string> Remarks, DirectionChoice? Up, DirectionChoice? Down, double? HoldSeconds, bool Lanes = false)
{
    /// <summary>The verdict on a path that was examined to the end, or as far as it went.</summary>
    public static Verdict Of(Diagnosis found)
    {
        if (found.Failure is { } failure)
        {
            return new Verdict(false, $"Not usable: {failure.Reason.TrimEnd('.')}.", [failure.Advice], null, null, null);
        }

        if (found is not { Buffering: { } buffering, Bodies: { } bodies })
        {
            throw new InvalidOperationException("a diagnosis that did not fail has examined bodies");
        }

        if (bodies.Up.Largest == 0 || bodies.Down.Largest == 0)
        {
            (string stuck, SizeLimit limit) = bodies.Up.Largest == 0 ? ("requests", bodies.Up) : ("answers", bodies.Down);
            return new Verdict(
                false, $"Not usable: {stuck} with a body do not pass, however small: {limit.Error}.", ["Ask who runs what is on the way to let them pass."], null, null, null);
        }

        PathModes agent = new(Options.Create(new AgentOptions()), TimeProvider.System);
        agent.Measured(new PathMeasurement(
            buffering.Up.Passage == Passage.AtOnce,
            buffering.Down.Passage == Passage.AtOnce,
            TimeSpan.FromMilliseconds(found.RoundTrip?.MedianMilliseconds ?? 0),
            bodies.Up.Refused is null ? int.MaxValue : (int)bodies.Up.Largest,
            found.Path?.Seen.Protocol ?? ""));
        DirectionChoice up = Choice(ChannelControl.Up(SessionLimits.Default, () => agent.Terms));
        DirectionChoice down = Choice(ChannelControl.Down(SessionLimits.Default, () => agent.Terms));
        return new Verdict(true, Summarise(up.Mode, down.Mode), [.. Doctor.Remarks.On(found, buffering, bodies)], up, down, Hold(found.Quiet), found.Lanes is { Outcome: LanesOutcome.Pass });
    }

    private static DirectionChoice Choice(ChannelControl control) => new(control.Current.Mode, control.Current.MaxBytes, control.Current.InFlight);

    /// <summary>What the agent comes to once its requests have been cut, as <see cref="QuietLimit"/> has it.</summary>
    private static double Hold(QuietFinding? quiet)
    {
        double most = SessionLimits.Default.Hold.TotalSeconds;
        return (quiet?.CutAfterSeconds ?? quiet?.CutSeconds) is { } cut && cut <= most ? Math.Floor(QuietLimit.Below(TimeSpan.FromSeconds(cut)).TotalSeconds) : most;
    }

    private static string Summarise(ChannelMode up, ChannelMode down) => (up, down) switch
    {
        (ChannelMode.Stream, ChannelMode.Stream) => "Usable at full speed: nothing on the way holds bytes back.",
        (_, ChannelMode.Stream) => "Usable: answers come as they are made; requests go as complete messages, several at once.",
        (ChannelMode.Stream, _) => "Usable: requests go as they are made; answers come as complete messages, several at once.",
        _ => "Usable: bytes go as complete messages, several at once, in both directions.",
    };
}
