using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using TunnelAspire.Agent.Screen;
using TunnelAspire.Agent.Sessions;
using TunnelAspire.Agent.Settings;
using TunnelAspire.Agent.WaysIn;
using TunnelAspire.CommandLine;
using TunnelAspire.Protocol.Sockets;

namespace TunnelAspire.Agent.Commands;

/// <summary><c>tunnel connect</c>: listens on local ports and carries their connections.</summary>
internal sealed class ConnectCommand : Command, IExplained
{
    private const string LogAuto = "auto";
    private const string LogJson = "json";

    private readonly ServerArguments _server = new();
    private readonly Option<string[]> _forwards = new("--forward", "-L") { Description = "[bind:]port:host:hostport, as in ssh; a unix socket's path on either side. May be repeated" };
    private readonly Option<string[]> _socks = new("--socks", "-D") { Description = "[bind:]port that takes SOCKS5, SOCKS4a and HTTP proxy requests. May be repeated" };
    private readonly Option<string?> _standard = new("--standard", "-W") { Description = "host:port to which standard input and output lead, for ssh -o ProxyCommand" };
    private readonly Option<string?> _mode = new("--mode") { Description = "How bytes are moved: auto, poll, burst or stream" };
    private readonly Option<string?> _control = new("--control") { Description = "Path of the control socket, or none. Default: one that tunnel status finds" };
    private readonly Option<string> _log = new("--log") { Description = "auto: a live view on a terminal, else text; text; json: one object a line", DefaultValueFactory = _ => LogAuto };
    private readonly Option<bool> _verbose = new("--verbose", "-v") { Description = "Log each session and each request that is tried again" };

    /// <summary>The command with its options.</summary>
    public ConnectCommand()
        : base("connect", "Listen on local ports and carry their connections through the tunnel")
    {
        _mode.CompletionSources.Add("auto", "poll", "burst", "stream");
        _log.AcceptOnlyFromAmong(LogAuto, "text", LogJson);
        _server.AddTo(this);
        Add(_forwards);
        Add(_socks);
        Add(_standard);
        Add(_mode);
        Add(_control);
        Add(_log);
        Add(_verbose);
        SetAction(RunAsync);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples =>
    [
        new("tunnel connect https://tunnel.example -L 15432:db.internal:5432", "the local port 15432 leads to a database"),
        new("tunnel connect https://tunnel.example -D 1080", "SOCKS and HTTP proxy on one port, for browsers, curl and git"),
        new("ssh -o ProxyCommand='tunnel connect https://tunnel.example -W %h:%p' me@bastion.internal", "ssh, with no port opened here"),
        new("tunnel connect https://tunnel.example -L 15432:db.internal:5432 --proxy http://proxy:3128 --proxy-user clerk", "through a proxy that asks for a login; its password is in TUNNEL_PROXY_PASSWORD"),
        new("tunnel connect --config tunnel.json", "all of it from a file, which is taken over when it changes"),
    ];

    /// <summary>Whether the log is to be JSON.</summary>
    public bool IsJson(ParseResult arguments) => arguments.GetResult(_log) is { Tokens: [{ Value: LogJson }] };

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        await Task.Yield(); // a signal that comes while a command has not yet returned to its caller ends the process
        SettingsFile? settings = null;
        try
        {
            using IHost host = Build(arguments, out settings);
            host.Services.GetRequiredService<IOptions<AgentOptions>>().Value.Check();
            StandardService standard = host.Services.GetRequiredService<StandardService>();
            RunSummary summary = host.Services.GetRequiredService<RunSummary>();
            host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.Register(Settle);
            await host.RunAsync(cancellationToken);
            summary.Tell();
            return standard.Failure is { } failure
                ? ExitCodes.Fail(ExitCodes.Failure, $"{SessionOutcome.Code(failure)}: {failure.Message}", IsJson(arguments))
                : ExitCodes.Success;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Success; // a signal, before everything had started
        }
        catch (Exception e) when (e is FormatException or OptionsValidationException or InvalidOperationException)
        {
            return ExitCodes.Fail(ExitCodes.WrongUsage, settings?.Text.Locate(e) ?? e.Message, IsJson(arguments));
        }
        catch (IOException e)
        {
            return ExitCodes.Fail(ExitCodes.Failure, e.Message, IsJson(arguments));
        }
    }

    /// <summary>What the start has left in memory is given back before sessions come, which want room of their own. It takes a few milliseconds.</summary>
    private static void Settle() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

    private IHost Build(ParseResult arguments, out SettingsFile? settings)
    {
        ServiceDefaults.InlineSockets();
        ReadySocket.RequireSettings();
        HostApplicationBuilder builder = _server.Host(arguments, out settings);
        builder.AddServiceDefaults();
        AgentRun run = Run(arguments, settings, builder.Configuration);
        builder.AddAgentProgram(run);
        builder.Services.PostConfigure<AgentOptions>(options => Override(options, arguments));

        builder.Logging.AddToStandardError().AddFilter("Microsoft.Hosting", LogLevel.Warning);
        if (run.Live)
        {
            builder.Logging.AddFilter<ConsoleLoggerProvider>(null, LogLevel.None); // the view has the screen
        }

        if (IsJson(arguments))
        {
            builder.Logging.AddJsonLog();
        }

        if (arguments.GetValue(_verbose))
        {
            builder.Logging.AddFilter("TunnelAspire", LogLevel.Debug);
        }
        else if (run.Standard)
        {
            builder.Logging.AddFilter("TunnelAspire", LogLevel.None); // the one line that says why it failed is enough
        }

        return builder.Build();
    }

    private AgentRun Run(ParseResult arguments, SettingsFile? settings, ConfigurationManager configuration)
    {
        bool standard = arguments.GetValue(_standard) is not null || !string.IsNullOrEmpty(configuration["Agent:Standard"]);
        bool live = !standard && !arguments.GetValue(_verbose) && arguments.GetValue(_log) == LogAuto && TerminalScreen.IsThere;
        return new AgentRun
        {
            Settings = settings,
            Standard = standard,
            Live = live,
            OnTerminal = !Console.IsInputRedirected || !Console.IsOutputRedirected || !Console.IsErrorRedirected,
            Lines = live || IsJson(arguments) ? TextWriter.Null : standard ? Console.Error : Console.Out, // there standard output is for the bytes alone
        };
    }

    /// <summary>What is given here wins. One way in that is given here stands for all: as in ssh, the configured ones belong to an agent that stays.</summary>
    private void Override(AgentOptions options, ParseResult arguments)
    {
        _server.Override(options, arguments);
        options.Mode = arguments.GetValue(_mode) ?? options.Mode;
        options.Control = arguments.GetValue(_control) ?? options.Control;
        options.Standard = arguments.GetValue(_standard) ?? options.Standard;
        string[] forwards = arguments.GetValue(_forwards) ?? [];
        string[] socks = arguments.GetValue(_socks) ?? [];
        if (forwards.Length + socks.Length > 0 || options.Standard.Length > 0)
        {
            options.Forwards = forwards.Select((text, i) => (Name: $"{i}", text)).ToDictionary(given => given.Name, given => given.text);
            options.Socks.Listen = socks;
        }
    }
}
