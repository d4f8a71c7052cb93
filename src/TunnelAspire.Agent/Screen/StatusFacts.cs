using System.Globalization;
using TunnelAspire.Agent.Status;

namespace TunnelAspire.Agent.Screen;

/// <summary>What a report says of the whole agent, in a few words each.</summary>
internal static class StatusFacts
{
    /// <summary>The way to the relays, and what it can do.</summary>
    public static IEnumerable<(string, Look)> Path(PathReport path)
    {
        yield return ($"{path.Send} up, {path.Receive} down{(path.Automatic ? "" : " (fixed)")}", Look.Strong);
        if (path.RoundTripMilliseconds is { } trip)
        {
            yield return ($"round trip {Figures.Milliseconds(trip)}", Look.Plain);
        }

        if (path.Protocol is { } protocol)
        {
            yield return (protocol, Look.Plain);
        }

        if (path.Proxy is { } proxy)
        {
            yield return ($"proxy {proxy}", Look.Plain);
        }

        if (path.LargestBody is { } largest)
        {
            yield return ($"bodies up to {Figures.Bytes(largest)}", Look.Plain);
        }

        if (path.HoldSeconds is { } hold)
        {
            yield return (string.Create(CultureInfo.InvariantCulture, $"requests wait {hold:0.#} s at most"), Look.Plain);
        }
    }

    /// <summary>What moves, and what had to be repeated.</summary>
    public static IEnumerable<(string, Look)> Traffic(TotalsReport totals)
    {
        yield return ($"up {Figures.Rate(totals.RateUp)} ({Figures.Bytes(totals.BytesUp)})", Look.Plain);
        yield return ($"down {Figures.Rate(totals.RateDown)} ({Figures.Bytes(totals.BytesDown)})", Look.Plain);
        yield return ($"{Figures.Count(totals.Retries, "retried request")}", totals.Retries > 0 ? Look.Warning : Look.Faint);
        yield return ($"{Figures.Bytes(totals.BytesResent)} sent again", totals.BytesResent > 0 ? Look.Warning : Look.Faint);
    }

    /// <summary>How many sessions there are and were.</summary>
    public static IEnumerable<(string, Look)> Sessions(TotalsReport totals)
    {
        yield return ($"{totals.Open} open", totals.Open > 0 ? Look.Strong : Look.Plain);
        yield return ($"{totals.Opened} opened", Look.Plain);
        yield return ($"{totals.Failed} failed", totals.Failed > 0 ? Look.Bad : Look.Faint);
    }
}
