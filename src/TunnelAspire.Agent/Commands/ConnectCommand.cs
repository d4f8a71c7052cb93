using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace TunnelAspire.Agent.Commands;

/// <summary><c>tunnel connect</c>: listens on local ports and carries their connections.</summary>
internal sealed class ConnectCommand : Command
{
    private readonly ServerArguments _server = new();
    private readonly Option<string[]> _forwards = new("--forward", "-L") { Description = "[bind:]port:host:hostport, as in ssh. May be repeated" };
    private readonly Option<string?> _mode = new("--mode") { Description = "How bytes are moved: auto, poll, burst or stream" };
    private readonly Option<bool> _verbose = new("--verbose", "-v") { Description = "Log each session and each request that is tried again" };

    /// <summary>The command with its options.</summary>
    public ConnectCommand()
        : base("connect", "Listen on local ports and carry their connections through the tunnel")
    {
        _server.AddTo(this);
        Add(_forwards);
        Add(_mode);
        Add(_verbose);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            using IHost host = Build(arguments);
            host.Services.GetRequiredService<IOptions<AgentOptions>>().Value.Check();
            await host.RunAsync(cancellationToken);
            return ExitCodes.Success;
        }
        catch (Exception e) when (e is FormatException or OptionsValidationException or InvalidDataException or FileNotFoundException or InvalidOperationException)
        {
            return ExitCodes.Fail(ExitCodes.WrongUsage, (e is FormatException ? e : e.GetBaseException()).Message);
        }
        catch (IOException e)
        {
            return ExitCodes.Fail(ExitCodes.Failure, e.Message);
        }
    }

    private IHost Build(ParseResult arguments)
    {
        ServiceDefaults.InlineSockets();
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        _server.Configure(builder.Configuration, arguments);
        builder.AddServiceDefaults();
        builder.AddAgent();
        builder.Services.PostConfigure<AgentOptions>(options => Override(options, arguments));

        // Standard output is for the lines that a script waits for.
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Logging.AddFilter("Microsoft.Hosting", LogLevel.Warning);
        if (arguments.GetValue(_verbose))
        {
            builder.Logging.AddFilter("TunnelAspire", LogLevel.Debug);
        }

        return builder.Build();
    }

    private void Override(AgentOptions options, ParseResult arguments)
    {
        _server.Override(options, arguments);
        options.Mode = arguments.GetValue(_mode) ?? options.Mode;
        options.Forwards = arguments.GetValue(_forwards) is { Length: > 0 } forwards ? forwards : options.Forwards;
    }
}
