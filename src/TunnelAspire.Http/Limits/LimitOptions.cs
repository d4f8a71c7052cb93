using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace TunnelAspire.Http.Limits;

/// <summary>Configuration section <c>Limits</c>: what a relay, a connector or both in one process take from others. "Per client" is for each caller, or for each address where nobody knows the caller.</summary>
public sealed class LimitOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Limits";

    /// <summary>Most connections at once; one beyond is closed. Default 0: four tenths of the open files that the process may have.</summary>
    [Range(0, 10_000_000)]
    public int MaxConnections { get; set; }

    /// <summary>Most connections at once from one address; one beyond is closed. Default 0: no limit of its own, since all agents behind one proxy have its address.</summary>
    [Range(0, 10_000_000)]
    public int MaxConnectionsPerClient { get; set; }

    /// <summary>Sessions that may be asked for in a second, by all. Twice as many may come at once. Default 10,000.</summary>
    [Range(1, 1_000_000)]
    public int OpensPerSecond { get; set; } = 10_000;

    /// <summary>Sessions that one client may ask for in a second. Twice as many may come at once. Default 5,000.</summary>
    [Range(1, 1_000_000)]
    public int OpensPerSecondPerClient { get; set; } = 5_000;

    /// <summary>Path probes that one client may begin in a second. Twice as many may come at once. Default 20,000: <c>tunnel doctor</c> measures how fast a fast path is.</summary>
    [Range(1, 1_000_000)]
    public int ProbesPerSecondPerClient { get; set; } = 20_000;

    /// <summary>Requests of one client that may be refused in a second; beyond them all of its refusals, its opens and its probes are 429. Twice as many may come at once. Default 500.</summary>
    [Range(1, 1_000_000)]
    public int FailuresPerSecondPerClient { get; set; } = 500;

    /// <summary>Targets that a connector dials at once. Default 4,096.</summary>
    [Range(1, 1_000_000)]
    public int MaxOpening { get; set; } = 4096;

    /// <summary>Receives that may wait at a connector at once. Default 200,000.</summary>
    [Range(1, 10_000_000)]
    public int MaxParked { get; set; } = 200_000;

    /// <summary>Receives of one session that may wait at once, and sends of one session that may wait for bytes before their own. Default 64; the agent has at most 16.</summary>
    [Range(16, 10_000)]
    public int MaxParkedPerSession { get; set; } = 64;

    /// <summary>Bytes of memory for what is on its way. Where they are used up, sessions read less at once, and no new ones are opened. Default 0: half of the memory that the process may use.</summary>
    [Range(0, long.MaxValue)]
    public long BufferBytes { get; set; }
}

/// <summary>Checks the options' annotations, in code that is generated from them.</summary>
[OptionsValidator]
internal sealed partial class LimitOptionsValidator : IValidateOptions<LimitOptions>;
