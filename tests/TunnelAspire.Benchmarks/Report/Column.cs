using System.Globalization;
using TunnelAspire.Benchmarks.Contestants;

namespace TunnelAspire.Benchmarks.Report;

/// <summary>One kind of figure: a column of the tables.</summary>
/// <param name="Measure">The word of the measure that brings it, on the command line.</param>
/// <param name="Title">Its head, with the unit.</param>
/// <param name="Format">How its numbers are written.</param>
/// <param name="LessIsBetter">Whether the lower figure is the better one.</param>
/// <param name="Base">Key of the contestant that its ratios refer to.</param>
internal sealed record Column(string Measure, string Title, string Format, bool LessIsBetter = false, string Base = SshForward.OneKey)
{
    public static readonly Column Up = new("up", "up, MB/s", "0");
    public static readonly Column Down = new("down", "down, MB/s", "0");
    public static readonly Column Both = new("both", "both ways, MB/s in sum", "0");
    public static readonly Column RoundTrip = new("rtt", "64 B round trip, p50, µs", "0", LessIsBetter: true);
    public static readonly Column Messages = new("messages", "messages/s, 32 connections", "0");
    public static readonly Column Connections = new("connects", "connections/s", "0");
    public static readonly Column Memory = new("idle", "idle session, KiB", "0.0", LessIsBetter: true);
    public static readonly Column ProcessorUp = new("up", "CPU s/GiB up", "0.00", LessIsBetter: true, Haproxy.TwoKey);
    public static readonly Column ProcessorDown = new("down", "CPU s/GiB down", "0.00", LessIsBetter: true, Haproxy.TwoKey);

    /// <summary>Half-close: 1 passed, 0 not.</summary>
    public static readonly Column HalfClose = new("halfclose", "half-close", "yes;no;no", Base: "");

    public string Write(double value) => value.ToString(Format, CultureInfo.InvariantCulture);
}
