namespace TunnelAspire.Agent.Screen;

/// <summary>How a part of a line looks.</summary>
internal enum Look
{
    /// <summary>As text.</summary>
    Plain,

    /// <summary>What counts.</summary>
    Strong,

    /// <summary>Labels and titles.</summary>
    Faint,

    /// <summary>In order.</summary>
    Good,

    /// <summary>Worth a look.</summary>
    Warning,

    /// <summary>Out of order.</summary>
    Bad,
}

/// <summary>A line of a screen: its parts, one after another.</summary>
internal sealed record ScreenLine(params IReadOnlyList<(string Text, Look Look)> Parts)
{
    /// <summary>An empty line.</summary>
    public static ScreenLine Empty { get; } = new();

    /// <summary>Columns that it takes.</summary>
    public int Width => Parts.Sum(part => Cells.Width(part.Text));

    /// <summary>Its text alone.</summary>
    public override string ToString() => string.Concat(Parts.Select(part => part.Text)).TrimEnd();
}
