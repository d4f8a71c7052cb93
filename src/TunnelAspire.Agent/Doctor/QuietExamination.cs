using System.Globalization;
using TunnelAspire.Agent.Doctor.Output;

namespace TunnelAspire.Agent.Doctor;

/// <summary>How long a request may be quiet.</summary>
/// <param name="PassedSeconds">The longest wait that was answered; 0 if none was.</param>
/// <param name="CutSeconds">The shortest wait after which no answer came; null if all came.</param>
/// <param name="CutAfterSeconds">When it was cut, where that showed; null where it was silence.</param>
/// <param name="Error">How it was cut.</param>
internal sealed record QuietFinding(int PassedSeconds, int? CutSeconds, double? CutAfterSeconds, string? Error) : IFinding
{
    /// <inheritdoc/>
    public IEnumerable<Line> Lines() =>
        [Line.Of(CutSeconds is null, "Quiet requests", CutSeconds is null
            ? string.Create(CultureInfo.InvariantCulture, $"live for {PassedSeconds} s and longer")
            : string.Create(CultureInfo.InvariantCulture, $"live for {PassedSeconds} s; one of {CutSeconds} s {HowItEnded()}"))];

    private string HowItEnded() => CutAfterSeconds is { } after
        ? string.Create(CultureInfo.InvariantCulture, $"was cut after {after:0.#} s: {Error}")
        : "was never answered: connections are forgotten in silence";
}

/// <summary>Examination 8: after how long is a quiet request cut?</summary>
internal static class QuietExamination
{
    /// <summary>Longest wait that can be asked for, in seconds.</summary>
    public const int Most = 300;

    /// <summary>The wait that is tried unless told otherwise, in seconds: beyond it the agent does not hold requests.</summary>
    public const int Default = 35;

    private const int Bytes = 64;
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(5);

    // Around the limits that are common: 30, 60, 100, 120, 230, 240 s.
    private static readonly int[] Waits = [2, 5, 10, 15, 20, 25, 28, 35, 45, 55, 70, 90, 110, 130, 180, 220, 235, 250];

    /// <summary>The longest that it takes.</summary>
    public static TimeSpan Longest(int seconds) => TimeSpan.FromSeconds(seconds);

    /// <summary>Lets requests of growing waits be quiet side by side, each on a connection of its own.</summary>
    /// <param name="probes">The requests.</param>
    /// <param name="seconds">The longest wait, 1 to <see cref="Most"/>.</param>
    /// <param name="cancellationToken">Ends the examination.</param>
    public static async Task<QuietFinding> RunAsync(Probes probes, int seconds, CancellationToken cancellationToken)
    {
        int[] waits = [.. Waits.Where(wait => wait < seconds), seconds];
        return Judge(waits, await Task.WhenAll(waits.Select(wait => WaitAsync(probes, wait, cancellationToken))));
    }

    /// <summary>What the attempts, each with its wait in seconds, amount to.</summary>
    internal static QuietFinding Judge(int[] waits, Attempt<long>[] attempts)
    {
        int cut = Array.FindIndex(attempts, attempt => attempt.Error is not null);
        int passed = cut < 0 ? waits[^1] : cut == 0 ? 0 : waits[cut - 1];
        if (cut < 0)
        {
            return new QuietFinding(passed, null, null, null);
        }

        // One that was cut tells when; one that got no answer within its wait and the slack was forgotten in silence.
        Attempt<long> first = attempts[cut];
        bool silent = first.Took >= TimeSpan.FromSeconds(waits[cut]) + Slack;
        return new QuietFinding(passed, waits[cut], silent ? null : first.Took.TotalSeconds, first.Error);
    }

    private static Task<Attempt<long>> WaitAsync(Probes probes, int seconds, CancellationToken cancellationToken) => Attempt.RunAsync(
        TimeSpan.FromSeconds(seconds) + Slack,
        async limit =>
        {
            using HttpResponseMessage answer = await probes.ReceiveAsync(seconds * 1000, 1, Bytes, 0, limit);
            return await Probes.CountAsync(answer, CancellationToken.None, limit);
        },
        cancellationToken);
}
