using TunnelAspire.Agent.Doctor.Output;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Doctor;

/// <summary>How fast one mode moves bytes in one direction.</summary>
/// <param name="MessageBytes">Most bytes of a message.</param>
/// <param name="InFlight">Messages under way at once.</param>
/// <param name="BytesPerSecond">The rate; null where it was not to be had.</param>
/// <param name="Error">Why not.</param>
internal sealed record Throughput(long MessageBytes, int InFlight, double? BytesPerSecond, string? Error)
{
    /// <summary>It in words.</summary>
    public string Text => BytesPerSecond is { } rate ? Words.Rate(rate) : $"none ({Error})";
}

/// <summary>One mode in both directions.</summary>
internal sealed record ModeThroughput(ChannelMode Mode, Throughput Up, Throughput Down);

/// <summary>The throughput of each mode.</summary>
internal sealed record ThroughputFinding(IReadOnlyList<ModeThroughput> Modes) : IFinding
{
    /// <inheritdoc/>
    public IEnumerable<Line> Lines() => Modes.Select(mode => Line.Of(
        mode.Up.BytesPerSecond is not null && mode.Down.BytesPerSecond is not null,
        $"Speed, {mode.Mode.ToString().ToLowerInvariant()}",
        $"up {mode.Up.Text}, down {mode.Down.Text}"));
}

/// <summary>Examination 11: how fast is each mode, about a second for each direction?</summary>
internal static class ThroughputExamination
{
    /// <summary>The longest that it takes.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(12);

    private const int PartBytes = 64 * 1024;
    private const int MostParts = 1024;
    private static readonly Throughput NotTried = new(0, 0, null, "not tried: bodies are not passed on as they come");

    /// <summary>Moves bytes in each mode, one after another.</summary>
    public static async Task<ThroughputFinding> RunAsync(Probes probes, BufferingFinding buffering, BodyFinding bodies, CancellationToken cancellationToken)
    {
        List<ModeThroughput> modes = [];
        foreach (ChannelMode mode in new[] { ChannelMode.Poll, ChannelMode.Burst })
        {
            ChannelSettings settings = ChannelSettings.For(mode, SessionLimits.Default);
            modes.Add(new ModeThroughput(
                mode,
                await SpeedTrial.MessagesAsync(settings.InFlight, Math.Min(settings.MaxBytes, bodies.Up.Largest), (size, token) => SendAsync(probes, size, token), cancellationToken),
                await SpeedTrial.MessagesAsync(settings.InFlight, Math.Min(settings.MaxBytes, bodies.Down.Largest), (size, token) => ReceiveAsync(probes, size, token), cancellationToken)));
        }

        long up = Math.Min(bodies.Up.Largest, SizeSearch.Most);
        int parts = (int)Math.Clamp(bodies.Down.Largest / PartBytes, 1, MostParts);
        modes.Add(new ModeThroughput(
            ChannelMode.Stream,
            buffering.Up.Passage == Passage.AtOnce
                ? await SpeedTrial.StreamAsync(up, (open, token) => HoldAsync(probes, up, open, token), cancellationToken)
                : NotTried,
            buffering.Down.Passage == Passage.AtOnce
                ? await SpeedTrial.StreamAsync(parts * (long)PartBytes, (open, token) => FollowAsync(probes, parts, open, token), cancellationToken)
                : NotTried));
        return new ThroughputFinding(modes);
    }

    private static async Task<long> SendAsync(Probes probes, long size, CancellationToken cancellationToken) =>
        (await probes.SendAsync(new FilledContent(size), cancellationToken)).Bytes;

    private static async Task<long> ReceiveAsync(Probes probes, long size, CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = await probes.ReceiveAsync(0, 1, (int)size, 0, cancellationToken);
        return await Probes.CountAsync(answer, CancellationToken.None, cancellationToken);
    }

    private static async Task<long> HoldAsync(Probes probes, long size, CancellationToken open, CancellationToken cancellationToken) =>
        (await probes.SendAsync(new FilledContent(size, open), cancellationToken)).Bytes;

    /// <summary>Reads until the trial's time is over; what is left of the answer is let go.</summary>
    private static async Task<long> FollowAsync(Probes probes, int parts, CancellationToken open, CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = await probes.ReceiveAsync(0, parts, PartBytes, 0, cancellationToken);
        return await Probes.CountAsync(answer, open, cancellationToken);
    }
}
