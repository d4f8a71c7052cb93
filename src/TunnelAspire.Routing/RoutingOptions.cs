using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using TunnelAspire.Protocol.Settings;

namespace TunnelAspire.Routing;

/// <summary>Configuration section <c>Routing</c>.</summary>
public sealed class RoutingOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Routing";

    /// <summary>How long a connector counts as alive after a heartbeat. Default 3 s, 2 s to 5 min.</summary>
    [Duration("00:00:02", "00:05:00")]
    public TimeSpan ConnectorLease { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a route stands without being refreshed. Default 60 s, 10 s to 1 h.</summary>
    [Duration("00:00:10", "01:00:00")]
    public TimeSpan RouteLease { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a command may take before the store counts as out of reach. Default 1 s, 50 ms to 30 s.</summary>
    [Duration("00:00:00.050", "00:00:30")]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Begins every key. Default <c>tunnelaspire:</c>.</summary>
    [Required]
    public string KeyPrefix { get; set; } = "tunnelaspire:";

    /// <summary>Routes that a relay remembers at most. Default 100,000.</summary>
    [Range(1, 10_000_000)]
    public int CachedRoutes { get; set; } = 100_000;
}

/// <summary>Checks the options' annotations, in code that is generated from them.</summary>
[OptionsValidator]
internal sealed partial class RoutingOptionsValidator : IValidateOptions<RoutingOptions>;
