using System.CommandLine;
using TunnelAspire.Benchmarks.Load;
using TunnelAspire.Benchmarks.Processes;
using TunnelAspire.Benchmarks.Runs;

namespace TunnelAspire.Benchmarks.Commands;

/// <summary>A command that starts real processes and prints a report in Markdown. However it ends, no process stays behind.</summary>
internal abstract class RunCommand : Command
{
    private readonly Option<FileInfo?> _out = new("--out") { Description = "File to write the report to, besides standard output" };

    /// <summary>The command's name and description; its own options are added to <c>--out</c>.</summary>
    protected RunCommand(string name, string description)
        : base(name, description)
    {
        Add(_out);
        SetAction(RunAsync);
    }

    /// <summary>Runs it; returns the report, and whether everything holds that was demanded.</summary>
    /// <exception cref="FormatException">An option's value is wrong.</exception>
    protected abstract Task<(string Report, bool Holds)> ReportAsync(ParseResult arguments, LoadClient load, CancellationToken cancellationToken);

    /// <summary>Words with commas between.</summary>
    protected static string[] Words(string? list) => list?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using Surroundings surroundings = new();
        try
        {
            await using LoadClient load = await LoadClient.StartAsync(cancellationToken);
            (string report, bool holds) = await ReportAsync(arguments, load, cancellationToken);
            Console.WriteLine(report);
            if (arguments.GetValue(_out) is { } file)
            {
                await File.WriteAllTextAsync(file.FullName, report, cancellationToken);
            }

            return holds ? ExitCodes.Success : ExitCodes.Failure;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Stage.Tell("benchmarks: stopped"); // by Ctrl+C or SIGTERM
            return ExitCodes.Failure;
        }
        catch (FormatException e)
        {
            return ExitCodes.Fail(ExitCodes.WrongUsage, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException or TimeoutException or LoadException)
        {
            return ExitCodes.Fail(ExitCodes.Failure, e.Message);
        }
    }
}
