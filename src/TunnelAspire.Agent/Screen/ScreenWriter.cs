using System.Text;
using Spectre.Console;

namespace TunnelAspire.Agent.Screen;

/// <summary>Lines as text for a terminal, in colours as far as it has them; <c>NO_COLOR</c> and <c>TERM</c> are heeded.</summary>
internal sealed class ScreenWriter
{
    private readonly StringBuilder _text = new();
    private readonly IAnsiConsole _console;

    /// <summary>A writer.</summary>
    /// <param name="styled">Whether there are colours at all.</param>
    public ScreenWriter(bool styled) => _console = AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = styled ? AnsiSupport.Yes : AnsiSupport.No,
        ColorSystem = styled && Environment.GetEnvironmentVariable("NO_COLOR") is null or "" ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        Interactive = InteractionSupport.No,
        Out = new AnsiConsoleOutput(new StringWriter(_text)),
    });

    /// <summary>The lines, each followed by <paramref name="end"/>.</summary>
    public string Text(IEnumerable<ScreenLine> lines, string end)
    {
        _text.Clear();
        foreach (ScreenLine line in lines)
        {
            _console.Profile.Width = Math.Max(1, line.Width);
            if (line.Parts.Count > 0)
            {
                Paragraph paragraph = new();
                foreach ((string text, Look look) in line.Parts)
                {
                    paragraph.Append(text, Styles[(int)look]);
                }

                _console.Write(paragraph);
            }

            _text.Append(end);
        }

        return _text.ToString();
    }

    private static readonly Style[] Styles =
    [
        Style.Plain,
        new(decoration: Decoration.Bold),
        new(Color.Grey),
        new(Color.Green),
        new(Color.Yellow),
        new(Color.Red),
    ];
}
