namespace TunnelAspire.Agent.Doctor.Output;

/// <summary>For files and pipes: a line for each finding, nothing that moves, no colour.</summary>
internal sealed class PlainOutput(TextWriter output) : IDoctorOutput
{
    /// <inheritdoc/>
    public async Task<T> DuringAsync<T>(string what, TimeSpan longest, Func<Task<T>> examination)
        where T : IFinding
    {
        T finding = await examination();
        foreach (Line line in finding.Lines())
        {
            output.WriteLine($"{Word(line.Mark),-4}  {line.Label,-Layout.LabelWidth}  {line.Text}");
        }

        output.Flush();
        return finding;
    }

    /// <inheritdoc/>
    public void Conclude(Diagnosis found)
    {
        if (found is not { Verdict: { } verdict })
        {
            return;
        }

        output.WriteLine();
        output.WriteLine(verdict.Summary);
        foreach (string remark in verdict.Remarks)
        {
            output.WriteLine($"- {remark}");
        }

        if (Layout.Choices(verdict) is { Count: > 0 } choices)
        {
            output.WriteLine();
            output.WriteLine(Layout.ChoicesTitle);
            foreach ((string label, string text) in choices)
            {
                output.WriteLine($"  {label,-Layout.ChoiceWidth}  {text}");
            }
        }
    }

    private static string Word(Mark mark) => mark switch
    {
        Mark.Good => "ok",
        Mark.Note => "note",
        _ => "bad",
    };
}
