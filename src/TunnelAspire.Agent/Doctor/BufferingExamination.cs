using System.Diagnostics;
using System.Globalization;
using TunnelAspire.Agent.Doctor.Output;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Doctor;

/// <summary>What the path does with a body that comes in parts.</summary>
internal enum Passage
{
    /// <summary>Passes each part on at once.</summary>
    AtOnce,

    /// <summary>Passes each part on, but only after a while.</summary>
    Late,

    /// <summary>Holds them back until the body is complete.</summary>
    HeldBack,

    /// <summary>Lets no such body through.</summary>
    Refused,
}

/// <summary>What the path does with bodies in one direction.</summary>
/// <param name="Passage">Passed on, late, held back, refused.</param>
/// <param name="LagMilliseconds">How long a part was kept at most.</param>
/// <param name="Error">Why it was refused.</param>
internal sealed record DirectionBuffering(Passage Passage, double LagMilliseconds, string? Error);

/// <summary>Buffering in both directions.</summary>
/// <param name="Up">Request bodies.</param>
/// <param name="Down">Answers.</param>
internal sealed record BufferingFinding(DirectionBuffering Up, DirectionBuffering Down) : IFinding
{
    /// <inheritdoc/>
    public IEnumerable<Line> Lines() => [Line("Requests", Up), Line("Answers", Down)];

    private static Line Line(string label, DirectionBuffering found) => Output.Line.Of(found.Passage == Passage.AtOnce, label, found.Passage switch
    {
        Passage.AtOnce => "bodies are passed on as they come",
        Passage.Late => $"bodies are passed on late: each part is kept for about {Words.Time(found.LagMilliseconds)}",
        Passage.HeldBack => "bodies are held back until they are complete",
        _ => $"bodies that are held open do not pass: {found.Error}",
    });
}

/// <summary>Examination 6: are bodies passed on as they come?</summary>
internal static class BufferingExamination
{
    private const int Parts = 3;
    private const int PartBytes = 64;
    private const int PauseMilliseconds = 300;
    private const double LateMilliseconds = 100; // beyond what a busy machine or a poor link adds
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Sends a body in parts, and asks for one.</summary>
    public static async Task<BufferingFinding> RunAsync(Probes probes, CancellationToken cancellationToken) =>
        new(await TryAsync(UpAsync, probes, cancellationToken), await TryAsync(DownAsync, probes, cancellationToken));

    /// <summary>
    /// What it means when the parts arrived. The way itself delays all of them alike, and the last one goes with the end of the body,
    /// which nobody keeps: by how much their delays differ is the time for which a part was kept.
    /// </summary>
    /// <param name="arrivals">When each part was there, in milliseconds from any moment.</param>
    internal static DirectionBuffering Judge(double[] arrivals)
    {
        double[] delays = [.. arrivals.Select((at, part) => at - (part * PauseMilliseconds))];
        double lag = delays.Max() - delays.Min();
        return new DirectionBuffering(
            lag < LateMilliseconds ? Passage.AtOnce : lag > ((Parts - 1) * PauseMilliseconds) - LateMilliseconds ? Passage.HeldBack : Passage.Late, lag, null);
    }

    private static async Task<DirectionBuffering> TryAsync(Func<Probes, CancellationToken, Task<double[]>> examine, Probes probes, CancellationToken cancellationToken)
    {
        // What is late once may have met a busy moment.
        DirectionBuffering first = await OnceAsync(examine, probes, cancellationToken);
        return first.Passage == Passage.AtOnce ? first : await OnceAsync(examine, probes, cancellationToken);
    }

    private static async Task<DirectionBuffering> OnceAsync(Func<Probes, CancellationToken, Task<double[]>> examine, Probes probes, CancellationToken cancellationToken)
    {
        Attempt<double[]> arrivals = await Attempt.RunAsync(Patience, limit => examine(probes, limit), cancellationToken);
        return arrivals.Error is { } error ? new DirectionBuffering(Passage.Refused, 0, error) : Judge(arrivals.Value!);
    }

    private static async Task<double[]> UpAsync(Probes probes, CancellationToken cancellationToken)
    {
        PathArrivals seen = await probes.SendAsync(new PartedContent(Parts, PartBytes, TimeSpan.FromMilliseconds(PauseMilliseconds)), cancellationToken);
        Arrivals arrivals = new();
        foreach (PathPart part in seen.Parts)
        {
            arrivals.Add(part.Bytes, part.At);
        }

        return arrivals.Complete();
    }

    private static async Task<double[]> DownAsync(Probes probes, CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = await probes.ReceiveAsync(0, Parts, PartBytes, PauseMilliseconds, cancellationToken);
        await using Stream body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        byte[] bytes = new byte[Parts * PartBytes];
        long begun = Stopwatch.GetTimestamp();
        Arrivals arrivals = new();
        while (await body.ReadAsync(bytes, cancellationToken) is > 0 and { } read)
        {
            arrivals.Add(read, Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }

        return arrivals.Complete();
    }

    /// <summary>When each part was there in whole, whatever pieces it came in.</summary>
    private sealed class Arrivals
    {
        private readonly double[] _arrivals = new double[Parts];
        private long _bytes;

        public void Add(long bytes, double at)
        {
            long before = _bytes / PartBytes;
            _bytes += bytes;
            for (long part = before; part < Math.Min(_bytes / PartBytes, Parts); part++)
            {
                _arrivals[part] = at;
            }
        }

        public double[] Complete() => _bytes == Parts * PartBytes
            ? _arrivals
            : throw new CarrierException(CarrierFault.Foreign, string.Create(CultureInfo.InvariantCulture, $"of {Parts * PartBytes} bytes {_bytes} arrived"));
    }
}
