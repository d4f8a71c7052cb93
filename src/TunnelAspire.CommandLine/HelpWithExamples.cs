using System.CommandLine;
using System.CommandLine.Invocation;

namespace TunnelAspire.CommandLine;

/// <summary><c>--help</c>: what the library says, then the command's examples.</summary>
internal sealed class HelpWithExamples(SynchronousCommandLineAction help) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        int code = help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is IExplained { Examples: { Count: > 0 } examples })
        {
            Write(examples, parseResult.InvocationConfiguration.Output);
        }

        return code;
    }

    private static void Write(IReadOnlyList<Example> examples, TextWriter output)
    {
        output.WriteLine("Examples:");
        foreach (Example example in examples)
        {
            output.WriteLine($"  {example.Line}");
            output.WriteLine($"      {example.Meaning}");
        }

        output.WriteLine();
    }
}
