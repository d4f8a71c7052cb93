using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Measures;

namespace TunnelAspire.Benchmarks.Runs;

/// <summary>
/// The rounds. In each, one measure after the other is taken of one contestant after the other, so that what the machine does
/// besides falls on all of them.
/// </summary>
internal static class Comparison
{
    private const string WarmUp = "warm-up";
    private const int MostFailures = 2;

    /// <summary>Warms everybody up, then measures.</summary>
    public static async Task RunAsync(Stage stage, IReadOnlyList<Measure> measures, int rounds, CancellationToken cancellationToken)
    {
        for (int round = 0; round <= rounds; round++)
        {
            foreach (Measure measure in measures.Where(measure => !measure.Once || round == 1))
            {
                Stage.Tell($"{(round == 0 ? WarmUp : $"round {round} of {rounds}")}: {measure.Key}");
                foreach (Contestant contestant in stage.Standing)
                {
                    await SampleAsync(stage, contestant, measure, round == 0, cancellationToken);
                }
            }
        }
    }

    private static async Task SampleAsync(Stage stage, Contestant contestant, Measure measure, bool warmUp, CancellationToken cancellationToken)
    {
        if (stage.Results.CountFailures(contestant, measure.Key) >= MostFailures)
        {
            return; // it will not do better next time, and each failure takes its patience
        }

        await stage.TryAsync(contestant, measure.Key, async () =>
        {
            foreach (Figure figure in await measure.SampleAsync(contestant, stage.Load, warmUp, cancellationToken))
            {
                if (!warmUp)
                {
                    stage.Results.Add(contestant, figure.Column, figure.Value);
                }
            }
        }, cancellationToken);
    }
}
