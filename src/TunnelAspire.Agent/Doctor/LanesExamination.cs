using System.Text.Json.Serialization;
using TunnelAspire.Agent.Doctor.Output;
using TunnelAspire.Http1;

namespace TunnelAspire.Agent.Doctor;

/// <summary>Whether the requests of many sessions can share a connection: lanes.</summary>
/// <param name="Pass">Whether they can.</param>
/// <param name="RoundTripMilliseconds">From a few bytes on a shared connection to their answer; null where there is none.</param>
/// <param name="Reason">Why they cannot.</param>
/// <param name="Wanted">The agent would share connections if the path let it.</param>
internal sealed record LanesFinding(bool Pass, double? RoundTripMilliseconds, string? Reason, [property: JsonIgnore] bool Wanted) : IFinding
{
    /// <inheritdoc/>
    public IEnumerable<Line> Lines()
    {
        yield return RoundTripMilliseconds is { } roundTrip
            ? new(Mark.Good, "Lanes", $"pass: requests can share a connection; a round trip on it takes {Words.Time(roundTrip)}")
            : Line.Of(!Wanted, "Lanes", $"{(Wanted ? "do not pass" : "not used")}: {Reason}");
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
            return new LanesFinding(false, null, why, Wanted: false);
        }

        return buffering is { Up.Passage: Passage.AtOnce, Down.Passage: Passage.AtOnce }
            ? Judge(await probes.TryLanesAsync())
            : new LanesFinding(false, null, "not tried, bodies are not passed on as they come", Wanted: true);
    }

    /// <summary>What a trial says.</summary>
    public static LanesFinding Judge(SharingTrial trial) => new(trial.RoundTrip is not null, trial.RoundTrip?.TotalMilliseconds, trial.Obstacle, Wanted: true);
}
