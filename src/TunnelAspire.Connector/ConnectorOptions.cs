using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using TunnelAspire.Protocol.Settings;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector;

/// <summary>Configuration section <c>Connector</c>.</summary>
public sealed class ConnectorOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Connector";

    /// <summary>Names the connector in routes, logs and metrics. Default: the machine's name.</summary>
    [Required, RegularExpression("^[A-Za-z0-9._-]{1,64}$")]
    public string Name { get; set; } = Environment.MachineName;

    /// <summary>The URL at which relays reach this connector. Default: the first address that it listens on.</summary>
    public Uri? AdvertisedUrl { get; set; }

    /// <summary>Targets that may be dialled, as <c>host:port</c> or <c>unix:/path</c> patterns, one or several with commas between; see <see cref="Targets.TargetPattern"/>. Default: none.</summary>
    public IList<string> Allow { get; set; } = [];

    /// <summary>JSON file with the policy: who may reach which targets, on what terms. Read again when it changes. Default: none; <see cref="Allow"/> alone holds, for everyone.</summary>
    public string Policy { get; set; } = "";

    /// <summary>How long dialling a target may take. Default 10 s, 0.1 s to 5 min.</summary>
    [Duration("00:00:00.100", "00:05:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes that each direction of a session keeps unacknowledged at most. Default 16 MiB, 64 KiB to 64 MiB.</summary>
    [Range(64 * 1024, 64 * 1024 * 1024)]
    public int Window { get; set; } = SessionLimits.Default.Window;

    /// <summary>Largest body of one message, in bytes. Default 1 MiB, 4 KiB to 64 MiB.</summary>
    [Range(4 * 1024, 64 * 1024 * 1024)]
    public int MaxBody { get; set; } = SessionLimits.Default.MaxBody;

    /// <summary>How long an empty receive request waits. Default 25 s, 0.1 s to 5 min.</summary>
    [Duration("00:00:00.100", "00:05:00")]
    public TimeSpan Hold { get; set; } = SessionLimits.Default.Hold;

    /// <summary>How long a session lives without any request. Default 120 s, 1 s to 1 day; more than the hold time.</summary>
    [Duration("00:00:01", "1.00:00:00")]
    public TimeSpan Grace { get; set; } = SessionLimits.Default.Grace;

    /// <summary>How long a session may stay without a byte in either direction. Default 0: for ever.</summary>
    [Duration("00:00:00", "30.00:00:00")]
    public TimeSpan IdleLimit { get; set; }

    /// <summary>Most sessions at once. Default 50,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxSessions { get; set; } = 50_000;

    /// <summary>How long live sessions may go on after a request to stop, in seconds. Default 25, 0 to 3600.</summary>
    [Range(0, 3600)]
    public int DrainSeconds { get; set; } = 25;

    /// <summary>What a session is told when it opens.</summary>
    public SessionLimits Limits => new(Window, MaxBody, Hold, Grace);
}

/// <summary>Checks the options' annotations, in code that is generated from them.</summary>
[OptionsValidator]
internal sealed partial class ConnectorOptionsValidator : IValidateOptions<ConnectorOptions>;
