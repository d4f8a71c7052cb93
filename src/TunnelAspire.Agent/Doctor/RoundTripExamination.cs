using System.Diagnostics;
using TunnelAspire.Agent.Doctor.Output;

namespace TunnelAspire.Agent.Doctor;

/// <summary>The time from a small request to its answer, on a connection that stands.</summary>
/// <param name="MedianMilliseconds">Half of them were faster.</param>
/// <param name="P90Milliseconds">Nine of ten were faster.</param>
/// <param name="Requests">How many were timed.</param>
internal sealed record RoundTripFinding(double MedianMilliseconds, double P90Milliseconds, int Requests) : IFinding
{
    /// <inheritdoc/>
    public IEnumerable<Line> Lines() =>
        [new(Mark.Good, "Round trip", $"{Words.Time(MedianMilliseconds)} (median of {Requests}); nine of ten within {Words.Time(P90Milliseconds)}")];
}

/// <summary>Examination 9: how long is the way?</summary>
internal static class RoundTripExamination
{
    private const int Requests = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Asks twenty times, one after another.</summary>
    /// <exception cref="DoctorException">A request was not answered.</exception>
    public static async Task<RoundTripFinding> RunAsync(Probes probes, CancellationToken cancellationToken)
    {
        double[] times = new double[Requests];
        for (int i = 0; i < Requests; i++)
        {
            Attempt<double> attempt = await Attempt.RunAsync(Patience, limit => TimeAsync(probes, limit), cancellationToken);
            times[i] = attempt.Error is null
                ? attempt.Value
                : throw new DoctorException($"of {Requests} small requests in a row, number {i + 1} failed: {attempt.Error}", "The path is not reliable: try again, and ask who runs what is on the way.");
        }

        Array.Sort(times);
        return new RoundTripFinding(times[Requests / 2], times[(Requests * 9 / 10) - 1], Requests);
    }

    private static async Task<double> TimeAsync(Probes probes, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        await probes.SeeAsync(cancellationToken);
        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
    }
}
