using System.CommandLine;
using System.Text.Json;
using Spectre.Console;
using TunnelAspire.Agent.Control;
using TunnelAspire.Agent.Screen;
using TunnelAspire.Agent.Status;
using TunnelAspire.CommandLine;

namespace TunnelAspire.Agent.Commands;

/// <summary><c>tunnel status</c>: says what a running agent does.</summary>
internal sealed class StatusCommand : Command, IExplained
{
    private const int PipeWidth = 400; // columns: nothing is shortened in a pipe

    private readonly ControlArguments _control = new();
    private readonly Option<bool> _json = new("--json") { Description = "One JSON document instead of text" };

    /// <summary>The command with its options.</summary>
    public StatusCommand()
        : base("status", "Say what the running agent does: path, forwards, sessions, rates")
    {
        _control.AddTo(this);
        Add(_json);
        SetAction((arguments, cancellationToken) => _control.AskAsync(arguments, ControlRequest.Status, (answer, _) => Print(answer.Status!, arguments.GetValue(_json)), cancellationToken));
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples =>
    [
        new("tunnel status", "the agent that runs: its path, forwards and sessions"),
        new("tunnel status --json | jq .totals", "for programs"),
        new("tunnel status --control 4711", "the agent of that process, where several run"),
    ];

    private static Task Print(StatusReport report, bool json)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(report, IndentedJson.Default.StatusReport));
            return Task.CompletedTask;
        }

        bool terminal = !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Ansi;
        int width = Console.IsOutputRedirected ? PipeWidth : Math.Max(40, Console.WindowWidth);
        Console.Out.Write(new ScreenWriter(terminal).Text(new StatusScreen(width, height: null, TimeZoneInfo.Local).Lines(report), "\n"));
        return Task.CompletedTask;
    }
}
