using System.CommandLine;
using System.Globalization;
using System.Text;

namespace TunnelAspire.CommandLine;

/// <summary>A manual page in the macros of man(7).</summary>
internal sealed class ManPage
{
    private const int LongestLine = 78;

    private readonly StringBuilder _page = new();
    private readonly Manual _manual;

    /// <summary>The page of a program.</summary>
    public ManPage(RootCommand root, Manual manual)
    {
        _manual = manual;
        string version = root.GetType().Assembly == typeof(RootCommand).Assembly ? Version(System.Reflection.Assembly.GetEntryAssembly()) : Version(root.GetType().Assembly);
        Line($".TH {manual.Program.ToUpperInvariant()} {manual.Section} {manual.Date} \"{manual.Program} {version}\"");
        Section("NAME");
        Line($"{Escape(manual.Program)} \\- {Escape(LowerFirst(root.Description ?? ""))}");
        Commands(root);
        Terms("ENVIRONMENT", manual.Environment);
        Terms("FILES", manual.Files);
        Terms("EXIT STATUS", manual.ExitStatus);
        SeeAlso();
    }

    /// <inheritdoc/>
    public override string ToString() => _page.ToString();

    private static string Version(System.Reflection.Assembly? assembly) => assembly?.GetName().Version?.ToString(3) ?? "";

    private void Commands(RootCommand root)
    {
        Command[] commands = [.. Shown(root)];
        Section("SYNOPSIS");
        foreach (Command command in commands)
        {
            Synopsis(command, first: command == commands[0]);
        }

        Section("DESCRIPTION");
        Paragraphs(_manual.Text);
        foreach (Command command in commands)
        {
            Describe(command);
        }

        Examples(commands);
    }

    /// <summary>The commands that do something, in the order of the help.</summary>
    private static IEnumerable<Command> Shown(Command command) =>
        (command.Action is null || command.Hidden ? [] : new[] { command }).Concat(command.Hidden ? [] : command.Subcommands.SelectMany(Shown));

    private void Synopsis(Command command, bool first)
    {
        if (!first)
        {
            Line(".br");
        }

        StringBuilder line = new($".B {Escape(Name(command))}\n");
        foreach (Argument argument in command.Arguments.Where(argument => !argument.Hidden))
        {
            line.Append(CultureInfo.InvariantCulture, $".RI {(argument.Arity.MinimumNumberOfValues == 0 ? $"[ {Escape(argument.Name)} ]" : Escape(argument.Name))}\n");
        }

        _page.Append(line);
        if (command.Options.Any(option => !option.Hidden))
        {
            Line(".RI [ option \\ ...]");
        }
    }

    private void Describe(Command command)
    {
        Line($".SS {Escape(Name(command))}");
        Line($"{Sentence(command.Description)}");
        foreach (Argument argument in command.Arguments.Where(argument => !argument.Hidden))
        {
            Line(".TP");
            Line($".I {Escape(argument.Name)}");
            Line($"{Sentence(argument.Description)}");
        }

        foreach (Option option in command.Options.Where(option => !option.Hidden))
        {
            Line(".TP");
            Line($".BR {string.Join(" \", \" ", option.Aliases.Where(alias => alias[0] == '-' && alias != "-?").Append(option.Name).Select(Escape))}{Value(option)}");
            Line($"{Sentence(option.Description)}");
        }
    }

    /// <summary>In bold and roman by turns: an option's value follows its last name.</summary>
    private static string Value(Option option) =>
        option.ValueType == typeof(bool) || option.ValueType == typeof(void) ? "" : $" \" \\fI{Escape(option.HelpName ?? option.Name.TrimStart('-'))}\\fR\"";

    private void Examples(IEnumerable<Command> commands)
    {
        Section("EXAMPLES");
        foreach (Example example in commands.OfType<IExplained>().SelectMany(command => command.Examples))
        {
            Line(".TP");
            Line($".B {Escape(example.Line)}");
            Line($"{Sentence(example.Meaning)}");
        }
    }

    private void Terms(string section, IReadOnlyList<Term> terms)
    {
        if (terms.Count > 0)
        {
            Section(section);
        }

        foreach (Term term in terms)
        {
            Line(".TP");
            Line($".B {Escape(term.Name)}");
            Line(Text(term.Text));
        }
    }

    private void SeeAlso()
    {
        Section("SEE ALSO");
        for (int i = 0; i < _manual.SeeAlso.Count; i++)
        {
            Line($".BR {_manual.SeeAlso[i].Replace("(", " (", StringComparison.Ordinal)}{(i < _manual.SeeAlso.Count - 1 ? "," : "")}");
        }
    }

    private void Paragraphs(IReadOnlyList<string> paragraphs)
    {
        for (int i = 0; i < paragraphs.Count; i++)
        {
            if (i > 0)
            {
                Line(".PP");
            }

            Line(Text(paragraphs[i]));
        }
    }

    private string Name(Command command) => command is RootCommand ? _manual.Program : $"{_manual.Program} {command.Name}";

    private void Section(string title) => Line($".SH {title}");

    private void Line(string text) => _page.Append(text).Append('\n');

    /// <summary>Running text: a sentence begins a line, no line is long, and none begins with what would be a request.</summary>
    private static string Text(string text) => string.Join('\n', Escape(text).Replace(". ", ".\n", StringComparison.Ordinal).Split('\n').SelectMany(Wrap));

    private static IEnumerable<string> Wrap(string sentence)
    {
        string line = "";
        foreach (string word in sentence.Split(' '))
        {
            if (line.Length > 0 && line.Length + word.Length >= LongestLine)
            {
                yield return line;
                line = "";
            }

            line += line.Length > 0 ? $" {word}" : word.Length > 0 && word[0] is '.' or '\'' ? $"\\&{word}" : word;
        }

        yield return line;
    }

    private static string Escape(string text) => text
        .Replace("\\", "\\e", StringComparison.Ordinal)
        .Replace("-", "\\-", StringComparison.Ordinal)
        .Replace("'", "\\(aq", StringComparison.Ordinal)
        .Replace("\"", "\\(dq", StringComparison.Ordinal);

    private static string Sentence(string? text) => Text((text ?? "").TrimEnd('.') + ".");

    private static string LowerFirst(string text) => text.Length == 0 ? text : char.ToLowerInvariant(text[0]) + text[1..];
}
