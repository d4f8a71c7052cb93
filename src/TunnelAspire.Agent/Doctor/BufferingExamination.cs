using System.Diagnostics;
using System.Globalization;
using TunnelAspire.Agent.Doctor.Output;
using TunnelAspire.Protocol.Carriers;

namespace TunnelAspire.Agent.Doctor;

/// <summary>What the path does with a body that comes in parts.</summary>
internal enum Passage
{
    /// <summary>Passes each part on at once.</summary>
    AtOnce,

    /// <summary>Holds them back until the body is complete.</summary>
    HeldBack,

    /// <summary>Lets no such body through.</summary>
    Refused,
}

/// <summary>What the path does with bodies in one direction.</summary>
/// <param name="Passage">Passed on, held back, refused.</param>
/// <param name="ApartMilliseconds">How far apart two parts arrived that were sent 200 ms apart.</param>
/// <param name="Error">Why it was refused.</param>
internal sealed record DirectionBuffering(Passage Passage, double ApartMilliseconds, string? Error);

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
        Passage.HeldBack => "bodies are held back until they are complete",
        _ => $"bodies that are held open do not pass: {found.Error}",
    });
}

/// <summary>Examination 6: are bodies passed on as they come?</summary>
internal static class BufferingExamination
{
    private const int PartBytes = 64;
    private const int PauseMilliseconds = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Sends a body in two parts, and asks for one.</summary>
    public static async Task<BufferingFinding> RunAsync(Probes probes, CancellationToken cancellationToken)
    {
        // The connections stand already when it counts: the pause is all that keeps the parts asunder.
        return new BufferingFinding(await TryAsync(UpAsync, probes, cancellationToken), await TryAsync(DownAsync, probes, cancellationToken));
    }

    private static async Task<double> UpAsync(Probes probes, CancellationToken cancellationToken)
    {
        SeenBody seen = await probes.SendAsync(new PartedContent(PartBytes, TimeSpan.FromMilliseconds(PauseMilliseconds)), cancellationToken);
        return seen.Bytes == 2 * PartBytes
            ? seen.Parts.Count < 2 ? 0 : seen.Parts[^1].At - seen.Parts[0].At
            : throw new CarrierException(CarrierFault.Foreign, string.Create(CultureInfo.InvariantCulture, $"of {2 * PartBytes} bytes {seen.Bytes} arrived"));
    }

    private static async Task<double> DownAsync(Probes probes, CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = await probes.ReceiveAsync(0, 2, PartBytes, PauseMilliseconds, cancellationToken);
        await using Stream body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        byte[] bytes = new byte[2 * PartBytes];
        await body.ReadAtLeastAsync(bytes, 1, throwOnEndOfStream: true, cancellationToken);
        long first = Stopwatch.GetTimestamp();
        while (await body.ReadAsync(bytes, cancellationToken) > 0)
        {
            // To the end of the body.
        }

        return Stopwatch.GetElapsedTime(first).TotalMilliseconds;
    }

    private static async Task<DirectionBuffering> TryAsync(Func<Probes, CancellationToken, Task<double>> examine, Probes probes, CancellationToken cancellationToken)
    {
        Attempt<double> attempt = await Attempt.RunAsync(Patience, limit => examine(probes, limit), cancellationToken);
        return attempt.Error is { } error
            ? new DirectionBuffering(Passage.Refused, 0, error)
            : new DirectionBuffering(attempt.Value >= PauseMilliseconds / 2.0 ? Passage.AtOnce : Passage.HeldBack, attempt.Value, null);
    }
}
