using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace TunnelAspire.Protocol.Settings;

/// <summary>The range of a <see cref="TimeSpan"/> that is configured. Unlike the framework's range it needs no type conversion at run time, which native code cannot promise.</summary>
/// <param name="least">The shortest, as <c>hh:mm:ss[.fff]</c> or <c>d.hh:mm:ss</c>.</param>
/// <param name="most">The longest, likewise.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DurationAttribute(string least, string most) : ValidationAttribute($"{{0}} must be {least} to {most}")
{
    /// <summary>The shortest.</summary>
    public TimeSpan Least { get; } = TimeSpan.Parse(least, CultureInfo.InvariantCulture);

    /// <summary>The longest.</summary>
    public TimeSpan Most { get; } = TimeSpan.Parse(most, CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is not TimeSpan duration || (duration >= Least && duration <= Most); // nothing: not for a range to judge
}
