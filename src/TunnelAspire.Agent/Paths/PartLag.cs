using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Paths;

/// <summary>
/// Tells from when parts left and when they arrived whether they passed at once. Buffering holds the first part back until the last
/// has come; some systems delay parts by a fixed time while more are to follow. Both show as parts that took unequally long: it
/// takes three, for the first may go with the head and the last with the end.
/// </summary>
internal static class PartLag
{
    /// <summary>Longest lag of a path that passes parts on at once: above the jitter of a busy machine, below the 200 ms of a delayed acknowledgement.</summary>
    public static readonly TimeSpan Tolerated = TimeSpan.FromMilliseconds(100);

    /// <summary>By how much longer the slowest part was under way than the fastest.</summary>
    public static TimeSpan Of(IReadOnlyList<TimeSpan> left, IReadOnlyList<TimeSpan> arrived)
    {
        IEnumerable<TimeSpan> underWay = arrived.Zip(left, (to, from) => to - from);
        return underWay.Max() - underWay.Min();
    }

    /// <summary>When each part of <paramref name="size"/> bytes was complete, from a report that may have joined parts.</summary>
    public static IReadOnlyList<TimeSpan> Arrivals(PathArrivals report, int parts, int size)
    {
        List<TimeSpan> arrivals = [];
        long bytes = 0;
        foreach (PathPart part in report.Parts)
        {
            bytes += part.Bytes;
            while (arrivals.Count < parts && bytes >= (arrivals.Count + 1L) * size)
            {
                arrivals.Add(TimeSpan.FromMilliseconds(part.At));
            }
        }

        return arrivals;
    }
}
