using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace TunnelAspire.Connector.Audit;

/// <summary>Configuration section <c>Audit</c>: where records of sessions go besides the log.</summary>
public sealed class AuditOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Audit";

    /// <summary>File to which records are appended, one JSON object a line. Default: none. One process writes to it.</summary>
    public string File { get; set; } = "";

    /// <summary>Bytes after which a new file is begun. Default 100 MiB, 64 KiB to 1 TiB.</summary>
    [Range(64L * 1024, 1024L * 1024 * 1024 * 1024)]
    public long MaxBytes { get; set; } = 100L * 1024 * 1024;

    /// <summary>Most files, the one that is written to included; the older ones have <c>.1</c>, <c>.2</c> … added to its name. Default 10, 1 to 1000.</summary>
    [Range(1, 1000)]
    public int Files { get; set; } = 10;
}

/// <summary>Checks the options' annotations, in code that is generated from them.</summary>
[OptionsValidator]
internal sealed partial class AuditOptionsValidator : IValidateOptions<AuditOptions>;
