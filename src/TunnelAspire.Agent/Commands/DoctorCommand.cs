using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Spectre.Console;
using TunnelAspire.Agent.Doctor;
using TunnelAspire.Agent.Doctor.Output;
using TunnelAspire.CommandLine;

namespace TunnelAspire.Agent.Commands;

/// <summary><c>tunnel doctor</c>: examines the path to the relays and says what it found.</summary>
internal sealed class DoctorCommand : Command, IExplained
{
    private readonly ServerArguments _server = new();
    private readonly Option<bool> _json = new("--json") { Description = "One JSON document instead of text" };
    private readonly Option<bool> _quick = new("--quick") { Description = "Do not look for the limit of quiet requests, which takes longest" };
    private readonly Option<int?> _quietLimit = new("--quiet-limit") { Description = $"Longest wait of a quiet request that is tried, in seconds, 1 to {QuietExamination.Most}. Default: {QuietExamination.Default}" };

    /// <summary>The command with its options.</summary>
    public DoctorCommand()
        : base("doctor", "Examine the path to the relays, and say what the agent would make of it")
    {
        _server.AddTo(this);
        Add(_json);
        Add(_quick);
        Add(_quietLimit);
        SetAction(RunAsync);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples =>
    [
        new("tunnel doctor https://tunnel.example", "what is on the way, and how fast it is"),
        new("tunnel doctor https://tunnel.example --quick --json", "in a few seconds, for a script"),
    ];

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            AgentOptions options = Read(arguments);
            Diagnosis found = await new DoctorRun(options, QuietLimit(arguments), Output(arguments.GetValue(_json))).RunAsync(cancellationToken);
            return found.Usable ? ExitCodes.Success : ExitCodes.Failure;
        }
        catch (Exception e) when (e is FormatException or OptionsValidationException or InvalidDataException or FileNotFoundException)
        {
            return ExitCodes.Fail(ExitCodes.WrongUsage, e.GetBaseException().Message);
        }
        catch (OperationCanceledException)
        {
            // Ctrl+C or SIGTERM: nothing else cancels.
            return ExitCodes.Fail(ExitCodes.Failure, "stopped before the diagnosis was complete");
        }
    }

    private AgentOptions Read(ParseResult arguments)
    {
        HostApplicationBuilder builder = _server.Host(arguments, out _);
        builder.AddAgentOptions();
        builder.Services.PostConfigure<AgentOptions>(options => _server.Override(options, arguments));
        using IHost host = builder.Build();
        AgentOptions options = host.Services.GetRequiredService<IOptions<AgentOptions>>().Value;
        options.CheckServer();
        return options;
    }

    private int? QuietLimit(ParseResult arguments) => (arguments.GetValue(_quick), arguments.GetValue(_quietLimit)) switch
    {
        (true, not null) => throw new FormatException("--quick and --quiet-limit contradict each other"),
        (true, null) => null,
        (false, null) => QuietExamination.Default,
        (false, >= 1 and <= QuietExamination.Most and var seconds) => seconds,
        (false, var seconds) => throw new FormatException($"--quiet-limit {seconds} is not 1 to {QuietExamination.Most} seconds"),
    };

    private static IDoctorOutput Output(bool json) => json
        ? new JsonOutput(Console.Out)
        : Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Ansi ? new PlainOutput(Console.Out) : new TerminalOutput(AnsiConsole.Console);
}
