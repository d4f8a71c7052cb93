using TunnelAspire.Agent.Doctor.Output;
using TunnelAspire.Http1;

namespace TunnelAspire.Agent.Doctor;

/// <summary>Whether requests share a connection.</summary>
internal enum LanesOutcome
{
    /// <summary>They can.</summary>
    Pass,

    /// <summary>Somebody on the way does not let them.</summary>
    DoNotPass,

    /// <summary>They cannot, by what was found before.</summary>
    NotTried,

    /// <summary>The agent does not ask for it.</summary>
    NotUsed,
}

/// <summary>Whether the requests of many sessions can share a connection: lanes.</summary>
/// <param name="Outcome">Whether they can.</param>
/// <param name="RoundTripMilliseconds">From a few bytes on a shared connection to their answer; null where there is none.</param>
/// <param name="Reason">Why there is none.</param>
internal sealed record LanesFinding(LanesOutcome Outcome, double? RoundTripMilliseconds, string? Reason) : IFinding
{
    /// <inheritdoc/>
    public IEnumerable<Line> Lines()
    {
        string found = RoundTripMilliseconds is { } roundTrip ? $"requests can share a connection; a round trip on it takes {Words.Time(roundTrip)}" : Reason ?? "";
        yield return Outcome switch
        {
            LanesOutcome.Pass => new(Mark.Good, "Lanes", $"pass: {found}"),
            LanesOutcome.DoNotPass => new(Mark.Note, "Lanes", $"do not pass: {found}"),
            LanesOutcome.NotTried => new(Mark.Note, "Lanes", $"not tried: {found}"),
            _ => new(Mark.Good, "Lanes", $"not used: {found}"),
        };
    }
}

/// <summary>Examination 10: can requests share a connection?</summary>
internal static class LanesExamination
{
    /// <summary>Begins a shared connection, as the agent does.</summary>
    public static async Task<LanesFinding> RunAsync(Probes probes, BufferingFinding buffering)
    {
        if (probes.WhyNoLanes is { } why)
        {
            return new LanesFinding(LanesOutcome.NotUsed, null, why);
        }

        return buffering is { Up.Passage: Passage.AtOnce, Down.Passage: Passage.AtOnce }
            ? Judge(await probes.TryLanesAsync())
            : new LanesFinding(LanesOutcome.NotTried, null, "bodies are not passed on as they come");
    }

    /// <summary>What a trial says.</summary>
    public static LanesFinding Judge(SharingTrial trial) =>
        new(trial.RoundTrip is null ? LanesOutcome.DoNotPass : LanesOutcome.Pass, trial.RoundTrip?.TotalMilliseconds, trial.Obstacle);
}
