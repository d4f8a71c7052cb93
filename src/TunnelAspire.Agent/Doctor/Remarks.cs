using System.Globalization;
using TunnelAspire.Agent.Doctor.Output;
using TunnelAspire.Agent.Paths;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Doctor;

/// <summary>What limits a path, and what would help.</summary>
internal static class Remarks
{
    private const double LongWayMilliseconds = 20;

    /// <summary>The remarks on a path that can be used.</summary>
    public static IEnumerable<string> On(Diagnosis found, BufferingFinding buffering, BodyFinding bodies)
    {
        if (buffering.Up.Passage != Passage.AtOnce)
        {
            yield return Held("request bodies", buffering.Up.Passage, "nginx: proxy_request_buffering off, proxy_http_version 1.1");
        }

        if (buffering.Down.Passage != Passage.AtOnce)
        {
            yield return Held("answers", buffering.Down.Passage, "nginx: proxy_buffering off");
        }

        if (bodies.Up.Refused is not null)
        {
            string cost = bodies.Up.Largest < SessionLimits.Default.MaxBody ? ", though larger ones would be faster" : "";
            yield return $"Requests above {Words.Bytes(bodies.Up.Largest)} are refused. The agent keeps below; nothing to do{cost}.";
        }

        if (found.Quiet is { CutSeconds: { } cut } quiet)
        {
            string limit = (quiet.CutAfterSeconds ?? cut).ToString("0.#", CultureInfo.InvariantCulture);
            string cost = quiet.PassedSeconds < QuietLimit.Shortest.TotalSeconds ? $", but not for less than {QuietLimit.Shortest.TotalSeconds} s: idle connections will cost repeats" : "; nothing to do";
            yield return $"A request that is quiet for {limit} s is cut. The agent holds its requests for less{cost}.";
        }

        if (found.RoundTrip is { MedianMilliseconds: > LongWayMilliseconds and { } median })
        {
            yield return $"The way is long ({Words.Time(median)}): modes with several messages under way count.";
        }

        if (found.Lanes is { Outcome: LanesOutcome.DoNotPass })
        {
            yield return "Requests cannot share a connection: each idle session takes one. Where you run what is on the way, docs/paths.md says what to set (varnish: return (pipe) for /v1/lanes).";
        }

        if (found.Path is { KeepsConnections: false })
        {
            yield return "Connections are closed after each answer. Keeping them alive would make every message faster.";
        }
    }

    private static string Held(string what, Passage passage, string cure) => passage switch
    {
        Passage.Late => $"Somebody on the way passes {what} on late. Where you run it, let it do so at once (haproxy: option http-no-delay): shorter round trips.",
        Passage.HeldBack => $"Somebody on the way holds {what} back. Where you run it, let it pass them on ({cure}): shorter round trips.",
        _ => $"Somebody on the way lets no {what} pass that are held open. Complete ones pass.",
    };
}
