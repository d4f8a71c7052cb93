namespace TunnelAspire.CommandLine;

/// <summary>A term and what it means.</summary>
/// <param name="Name">A variable, a file, an exit code.</param>
/// <param name="Text">What it is.</param>
public sealed record Term(string Name, string Text);

/// <summary>What a manual page says that the commands themselves do not know.</summary>
/// <param name="Program">Name of the program.</param>
/// <param name="Section">Section of the manual: 1 for programs, 8 for servers.</param>
/// <param name="Date">Day of the last change that readers should notice, <c>yyyy-MM-dd</c>.</param>
/// <param name="Text">What the program is, in paragraphs.</param>
public sealed record Manual(string Program, int Section, string Date, IReadOnlyList<string> Text)
{
    /// <summary>Environment variables.</summary>
    public IReadOnlyList<Term> Environment { get; init; } = [];

    /// <summary>Files that the program reads or makes.</summary>
    public IReadOnlyList<Term> Files { get; init; } = [];

    /// <summary>How the program ends.</summary>
    public IReadOnlyList<Term> ExitStatus { get; init; } = [];

    /// <summary>Other pages, <c>name(section)</c>.</summary>
    public IReadOnlyList<string> SeeAlso { get; init; } = [];
}
