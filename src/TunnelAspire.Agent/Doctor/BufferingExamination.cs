using System.Diagnostics;
using System.Globalization;
using TunnelAspire.Agent.Doctor.Output;
using TunnelAspire.Agent.Paths;
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

/// <summary>Examination 6: are bodies passed on as they come? It measures as the agent does, and says more.</summary>
internal static class BufferingExamination
{
    private const int Parts = 3;
    private const int PartBytes = 64;
    private const int Attempts = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Sends a body in parts, and asks for one.</summary>
    public static async Task<BufferingFinding> RunAsync(Probes probes, CancellationToken cancellationToken) =>
        new(await TryAsync(UpAsync, probes, cancellationToken), await TryAsync(DownAsync, probes, cancellationToken));

    /// <summary>What a lag means. The last part goes with the end of the body, which nobody keeps: who keeps all keeps the first for both pauses.</summary>
    internal static DirectionBuffering Judge(TimeSpan lag) => new(
        lag < PartLag.Tolerated ? Passage.AtOnce : lag > (Pause * (Parts - 1)) - PartLag.Tolerated ? Passage.HeldBack : Passage.Late, lag.TotalMilliseconds, null);

    private static async Task<DirectionBuffering> TryAsync(Func<Probes, CancellationToken, Task<TimeSpan>> examine, Probes probes, CancellationToken cancellationToken)
    {
        // What is late may have met a busy moment: the best of a few counts.
        DirectionBuffering best = await OnceAsync(examine, probes, cancellationToken);
        for (int again = 1; again < Attempts && best.Passage != Passage.AtOnce; again++)
        {
            DirectionBuffering next = await OnceAsync(examine, probes, cancellationToken);
            best = next.Passage < best.Passage || (next.Passage == best.Passage && next.LagMilliseconds < best.LagMilliseconds) ? next : best;
        }

        return best;
    }

    private static async Task<DirectionBuffering> OnceAsync(Func<Probes, CancellationToken, Task<TimeSpan>> examine, Probes probes, CancellationToken cancellationToken)
    {
        Attempt<TimeSpan> lag = await Attempt.RunAsync(Patience, limit => examine(probes, limit), cancellationToken);
        return lag.Error is { } error ? new DirectionBuffering(Passage.Refused, 0, error) : Judge(lag.Value);
    }

    private static async Task<TimeSpan> UpAsync(Probes probes, CancellationToken cancellationToken)
    {
        using ProbeBody body = new(new byte[PartBytes], Parts, Pause, TimeProvider.System, probes.MediaType);
        PathArrivals seen = await probes.SendAsync(body, cancellationToken);
        return seen.Bytes == Parts * PartBytes
            ? PartLag.Of(body.Sent, PartLag.Arrivals(seen, Parts, PartBytes))
            : throw new CarrierException(CarrierFault.Foreign, string.Create(CultureInfo.InvariantCulture, $"of {Parts * PartBytes} bytes {seen.Bytes} arrived"));
    }

    private static async Task<TimeSpan> DownAsync(Probes probes, CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = await probes.ReceiveAsync(0, Parts, PartBytes, (int)Pause.TotalMilliseconds, cancellationToken);
        await using Stream body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        long begun = Stopwatch.GetTimestamp();
        TimeSpan[] arrived = new TimeSpan[Parts];
        byte[] part = new byte[PartBytes];
        for (int i = 0; i < Parts; i++)
        {
            await body.ReadExactlyAsync(part, cancellationToken);
            arrived[i] = Stopwatch.GetElapsedTime(begun);
        }

        return PartLag.Of([.. Enumerable.Range(0, Parts).Select(i => Pause * i)], arrived);
    }
}
