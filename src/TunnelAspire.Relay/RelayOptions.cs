using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using TunnelAspire.Protocol.Settings;

namespace TunnelAspire.Relay;

/// <summary>Configuration section <c>Relay</c>.</summary>
public sealed class RelayOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Relay";

    /// <summary>Names the relay to connectors and in answers. Default: the machine's name and the process's id.</summary>
    [Required, RegularExpression("^[A-Za-z0-9._-]{1,64}$")]
    public string Name { get; set; } = $"{Environment.MachineName}-{Environment.ProcessId}";

    /// <summary>Addresses and networks of proxies whose word on who asks (<c>X-Forwarded-For</c>) is taken, for the audit. Default: none.</summary>
    public IList<string> TrustedProxies { get; set; } = [];

    /// <summary>How long connecting to a connector may take. Default 2 s, 50 ms to 60 s.</summary>
    [Duration("00:00:00.050", "00:01:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long the relay serves on after it has been told to stop, not ready any more: as long as whoever sends requests to it takes
    /// to notice. Default 0, up to 5 min.
    /// </summary>
    [Duration("00:00:00", "00:05:00")]
    public TimeSpan StopDelay { get; set; }
}

/// <summary>Checks the options' annotations, in code that is generated from them.</summary>
[OptionsValidator]
internal sealed partial class RelayOptionsValidator : IValidateOptions<RelayOptions>;
