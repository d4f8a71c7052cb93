using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Load;
using TunnelAspire.Benchmarks.Report;

namespace TunnelAspire.Benchmarks.Measures;

/// <summary>Whether either side can end its stream while the other goes on.</summary>
internal sealed class HalfClosed() : Measure(Column.HalfClose)
{
    public override bool Once => true;

    public override async Task<IReadOnlyList<Figure>> SampleAsync(Contestant contestant, LoadClient load, bool warmUp, CancellationToken cancellationToken)
    {
        await load.HalfCloseAsync(contestant.Port, cancellationToken);
        return [new(Column.HalfClose, 1)];
    }
}
