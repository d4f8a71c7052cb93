using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Load;
using TunnelAspire.Benchmarks.Report;

namespace TunnelAspire.Benchmarks.Measures;

/// <summary>How many messages of 64 bytes go there and back in a second on 32 connections, one at a time on each.</summary>
internal sealed class Messages() : Measure(Column.Messages)
{
    private const int Connections = 32;

    public override async Task<IReadOnlyList<Figure>> SampleAsync(Contestant contestant, LoadClient load, bool warmUp, CancellationToken cancellationToken)
    {
        TimeSpan duration = warmUp ? RoundTrip.WarmUpDuration : RoundTrip.Duration;
        PingPong.Result result = await load.PingPongAsync(contestant.Port, Connections, RoundTrip.MessageSize, duration, cancellationToken);
        return [new(Column.Messages, result.PerSecond)];
    }
}
