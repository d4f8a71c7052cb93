using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Load;
using TunnelAspire.Benchmarks.Report;

namespace TunnelAspire.Benchmarks.Measures;

/// <summary>How many connections in a second: connect, one byte there and back, close; 16 at once.</summary>
internal sealed class Connections() : Measure(Column.Connections)
{
    private const int AtOnce = 16;

    public override async Task<IReadOnlyList<Figure>> SampleAsync(Contestant contestant, LoadClient load, bool warmUp, CancellationToken cancellationToken)
    {
        TimeSpan duration = warmUp ? RoundTrip.WarmUpDuration : RoundTrip.Duration;
        return [new(Column.Connections, await load.ConnectsAsync(contestant.Port, AtOnce, duration, cancellationToken))];
    }
}
