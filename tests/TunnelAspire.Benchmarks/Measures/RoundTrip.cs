using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Load;
using TunnelAspire.Benchmarks.Report;

namespace TunnelAspire.Benchmarks.Measures;

/// <summary>How long 64 bytes take there and back on one connection.</summary>
internal sealed class RoundTrip() : Measure(Column.RoundTrip)
{
    public const int MessageSize = 64;
    public static readonly TimeSpan Duration = TimeSpan.FromMilliseconds(700);
    public static readonly TimeSpan WarmUpDuration = TimeSpan.FromMilliseconds(300);

    public override async Task<IReadOnlyList<Figure>> SampleAsync(Contestant contestant, LoadClient load, bool warmUp, CancellationToken cancellationToken)
    {
        PingPong.Result result = await load.PingPongAsync(contestant.Port, 1, MessageSize, warmUp ? WarmUpDuration : Duration, cancellationToken);
        return [new(Column.RoundTrip, result.MedianMicroseconds)];
    }
}
