using Spectre.Console;
using Spectre.Console.Rendering;

namespace TunnelAspire.Agent.Doctor.Output;

/// <summary>For a person at a terminal: what is under way moves, what was found stands in columns that fit the width.</summary>
internal sealed class TerminalOutput(IAnsiConsole console) : IDoctorOutput
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc/>
    public async Task<T> DuringAsync<T>(string what, TimeSpan longest, Func<Task<T>> examination)
        where T : IFinding
    {
        T finding = longest > TimeSpan.Zero
            ? await WithBarAsync(what, longest, examination)
            : await console.Status().Spinner(Spinner.Known.Line).StartAsync($"Examining {what.EscapeMarkup()}", _ => examination());
        foreach (Line line in finding.Lines())
        {
            console.Write(Row(Sign(line.Mark), new Text(line.Label), line.Text));
        }

        return finding;
    }

    /// <inheritdoc/>
    public void Conclude(Diagnosis found)
    {
        if (found is not { Verdict: { } verdict })
        {
            return;
        }

        console.WriteLine();
        console.Write(new Text(verdict.Summary, new Style(verdict.Usable ? Color.Green : Color.Red, decoration: Decoration.Bold)));
        console.WriteLine();
        foreach (string remark in verdict.Remarks)
        {
            console.Write(Columns((2, new Text("-")), (null, new Text(remark))));
        }

        if (Layout.Choices(verdict) is { Count: > 0 } choices)
        {
            console.WriteLine();
            console.WriteLine(Layout.ChoicesTitle);
            foreach ((string label, string text) in choices)
            {
                console.Write(Columns((2, Text.Empty), (Layout.ChoiceWidth + 2, new Text(label)), (null, new Text(text))));
            }
        }
    }

    /// <summary>The bar runs with the time: an examination ends early, or at its limit.</summary>
    private Task<T> WithBarAsync<T>(string what, TimeSpan longest, Func<Task<T>> examination) => console.Progress()
        .AutoClear(true)
        .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new ElapsedTimeColumn())
        .StartAsync(async context =>
        {
            ProgressTask bar = context.AddTask($"Examining {what.EscapeMarkup()}", maxValue: longest.TotalMilliseconds);
            Task<T> running = examination();
            while (await Task.WhenAny(running, Task.Delay(Tick)) != running)
            {
                bar.Increment(Tick.TotalMilliseconds);
            }

            return await running;
        });

    private Grid Row(Text sign, Text label, string text) => Columns((2, sign), (Layout.LabelWidth + 1, label), (null, new Text(text)));

    /// <summary>One row; the last column takes what is left of the width, and wraps.</summary>
    private Grid Columns(params (int? Width, IRenderable Content)[] columns)
    {
        int left = Math.Max(20, console.Profile.Width - columns.Sum(column => column.Width ?? 0));
        Grid grid = new();
        foreach ((int? width, _) in columns)
        {
            grid.AddColumn(new GridColumn().Width(width ?? left).PadLeft(0).PadRight(0));
        }

        return grid.AddRow([.. columns.Select(column => column.Content)]);
    }

    private Text Sign(Mark mark) => mark switch
    {
        Mark.Good => new Text(console.Profile.Capabilities.Unicode ? "✓" : "+", new Style(Color.Green)),
        Mark.Note => new Text("!", new Style(Color.Yellow)),
        _ => new Text(console.Profile.Capabilities.Unicode ? "✗" : "x", new Style(Color.Red)),
    };
}
