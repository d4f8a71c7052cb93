using System.Globalization;
using TunnelAspire.Agent.Doctor.Output;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Doctor;

/// <summary>The largest bodies that pass.</summary>
/// <param name="Up">Of requests.</param>
/// <param name="Down">Of answers.</param>
internal sealed record BodyFinding(SizeLimit Up, SizeLimit Down) : IFinding
{
    /// <inheritdoc/>
    public IEnumerable<Line> Lines() => [Line("Largest request", Up), Line("Largest answer", Down)];

    private static Line Line(string label, SizeLimit found) => found switch
    {
        { Largest: 0 } => new(Mark.Bad, label, $"not even {Words.Bytes(SizeSearch.Smallest)} pass: {found.Error}"),
        { Refused: { } refused } => new(Mark.Note, label, $"{Words.Bytes(found.Largest)} pass, {Words.Bytes(refused)} do not: {found.Error}"),
        { Largest: >= SizeSearch.Most } => new(Mark.Good, label, $"{Words.Bytes(found.Largest)} pass"),
        _ => new(Mark.Good, label, $"{Words.Bytes(found.Largest)} pass; larger ones would have taken too long to try"),
    };
}

/// <summary>Examination 7: how large may bodies be?</summary>
internal static class BodyExamination
{
    private const int LargestPart = 4 * 1024 * 1024;
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(16);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40); // well beyond what the search expects of the largest that it tries

    /// <summary>How long it takes on a slow path.</summary>
    public static TimeSpan Longest => Budget * 2;

    /// <summary>Sends and asks for ever larger bodies.</summary>
    public static async Task<BodyFinding> RunAsync(Probes probes, CancellationToken cancellationToken) => new(
        await new SizeSearch((size, token) => SendAsync(probes, size, token), Budget).RunAsync(cancellationToken),
        await new SizeSearch((size, token) => ReceiveAsync(probes, size, token), Budget).RunAsync(cancellationToken));

    private static async Task<string?> SendAsync(Probes probes, long size, CancellationToken cancellationToken)
    {
        Attempt<PathArrivals> attempt = await Attempt.RunAsync(Patience, limit => probes.SendAsync(new FilledContent(size), limit), cancellationToken);
        return attempt.Error ?? Complete(size, attempt.Value!.Bytes);
    }

    private static async Task<string?> ReceiveAsync(Probes probes, long size, CancellationToken cancellationToken)
    {
        Attempt<long> attempt = await Attempt.RunAsync(
            Patience,
            async limit =>
            {
                using HttpResponseMessage answer = await probes.ReceiveAsync(0, (int)Math.Max(1, size / LargestPart), (int)Math.Min(size, LargestPart), 0, limit);
                return await Probes.CountAsync(answer, CancellationToken.None, limit);
            },
            cancellationToken);
        return attempt.Error ?? Complete(size, attempt.Value);
    }

    private static string? Complete(long sent, long arrived) =>
        sent == arrived ? null : string.Create(CultureInfo.InvariantCulture, $"{arrived} of {sent} bytes arrived");
}
