using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;

namespace TunnelAspire.CommandLine;

/// <summary><c>complete</c>: what may come next on a command line; for the scripts of <see cref="CompletionCommand"/>.</summary>
internal sealed class CompleteCommand : Command
{
    private readonly RootCommand _root;
    private readonly Argument<string> _line = new("line") { Arity = ArgumentArity.ZeroOrOne };

    /// <summary>The command, for the command lines of <paramref name="root"/>.</summary>
    public CompleteCommand(RootCommand root)
        : base("complete", "What may come next on a command line")
    {
        _root = root;
        Hidden = true;
        Add(_line);
        SetAction(arguments => Print(arguments.GetValue(_line) ?? "", arguments.InvocationConfiguration.Output));
    }

    /// <summary>One line for each word: the word, a tab, what it means.</summary>
    /// <param name="line">The command line up to the cursor, without the program's name.</param>
    /// <param name="output">Where to.</param>
    private void Print(string line, TextWriter output)
    {
        string word = line[(line.LastIndexOfAny([' ', '\t']) + 1)..];
        ParseResult before = _root.Parse(line[..^word.Length]);
        foreach (CompletionItem item in Expected(before).GetCompletions(CompletionContext.Empty))
        {
            if (item.Label.StartsWith(word, StringComparison.Ordinal) && !item.Label.StartsWith("-?", StringComparison.Ordinal) && item.Label[0] != '/')
            {
                output.WriteLine($"{item.Label}\t{item.Detail}");
            }
        }
    }

    /// <summary>An option that waits for its value, or else the command. The library's own rule offers nothing after options that may have more values.</summary>
    private static Symbol Expected(ParseResult before)
    {
        Command command = before.CommandResult.Command;
        string last = before.Tokens is [.., { Type: TokenType.Option } token] ? token.Value : "";
        return (Symbol?)command.Options.FirstOrDefault(option => option.Arity.MinimumNumberOfValues > 0 && (option.Name == last || option.Aliases.Contains(last))) ?? command;
    }
}
