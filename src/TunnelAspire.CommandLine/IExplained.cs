namespace TunnelAspire.CommandLine;

/// <summary>A use of a command, to be copied.</summary>
/// <param name="Line">What is typed.</param>
/// <param name="Meaning">What it does, in a few words.</param>
public sealed record Example(string Line, string Meaning);

/// <summary>A command that shows how it is used, in its help and on the manual page.</summary>
public interface IExplained
{
    /// <summary>The most useful first.</summary>
    IReadOnlyList<Example> Examples { get; }
}
