namespace TunnelAspire.Agent.Doctor.Output;

/// <summary>What a line says about the path.</summary>
internal enum Mark
{
    /// <summary>As it should be.</summary>
    Good,

    /// <summary>The tunnel works with it; worth knowing.</summary>
    Note,

    /// <summary>The tunnel cannot work like this.</summary>
    Bad,
}

/// <summary>One line of the diagnosis.</summary>
/// <param name="Mark">Good, noteworthy, or bad.</param>
/// <param name="Label">What was examined, in a word or three.</param>
/// <param name="Text">What was found.</param>
internal sealed record Line(Mark Mark, string Label, string Text)
{
    /// <summary>What was found. Parts of it were written by others: it has no characters that a terminal would obey.</summary>
    public string Text { get; } = string.Concat(Text.Where(c => !char.IsControl(c)));

    /// <summary>A line that is good if <paramref name="good"/> holds, and else worth a note.</summary>
    public static Line Of(bool good, string label, string text) => new(good ? Mark.Good : Mark.Note, label, text);
}
