using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using TunnelAspire.Agent.Sessions;
using TunnelAspire.Agent.WaysIn;
using TunnelAspire.CommandLine;

namespace TunnelAspire.Agent.Commands;

/// <summary><c>tunnel connect</c>: listens on local ports and carries their connections.</summary>
internal sealed class ConnectCommand : Command, IExplained
{
    private readonly ServerArguments _server = new();
    private readonly Option<string[]> _forwards = new("--forward", "-L") { Description = "[bind:]port:host:hostport, as in ssh; a unix socket's path on either side. May be repeated" };
    private readonly Option<string[]> _socks = new("--socks", "-D") { Description = "[bind:]port that takes SOCKS5, SOCKS4a and HTTP proxy requests. May be repeated" };
    private readonly Option<string?> _standard = new("--standard", "-W") { Description = "host:port to which standard input and output lead, for ssh -o ProxyCommand" };
    private readonly Option<string?> _mode = new("--mode") { Description = "How bytes are moved: auto, poll, burst or stream" };
    private readonly Option<bool> _verbose = new("--verbose", "-v") { Description = "Log each session and each request that is tried again" };

    /// <summary>The command with its options.</summary>
    public ConnectCommand()
        : base("connect", "Listen on local ports and carry their connections through the tunnel")
    {
        _mode.CompletionSources.Add("auto", "poll", "burst", "stream");
        _server.AddTo(this);
        Add(_forwards);
        Add(_socks);
        Add(_standard);
        Add(_mode);
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
    ];

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        await Task.Yield(); // a signal that comes while a command has not yet returned to its caller ends the process
        try
        {
            using IHost host = Build(arguments);
            host.Services.GetRequiredService<IOptions<AgentOptions>>().Value.Check();
            StandardService standard = host.Services.GetRequiredService<StandardService>();
            await host.RunAsync(cancellationToken);
            return standard.Failure is { } failure
                ? ExitCodes.Fail(ExitCodes.Failure, $"{SessionOutcome.Code(failure)}: {failure.Message}")
                : ExitCodes.Success;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Success; // a signal, before everything had started
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
        else if (arguments.GetValue(_standard) is not null)
        {
            builder.Logging.AddFilter("TunnelAspire", LogLevel.None); // the one line that says why it failed is enough
        }

        return builder.Build();
    }

    private void Override(AgentOptions options, ParseResult arguments)
    {
        _server.Override(options, arguments);
        options.Mode = arguments.GetValue(_mode) ?? options.Mode;
        options.Standard = arguments.GetValue(_standard) ?? options.Standard;
        if (options.Standard.Length > 0)
        {
            (options.Forwards, options.Socks.Listen) = ([], []); // as in ssh: the configured ones belong to an agent that stays
        }

        options.Forwards = arguments.GetValue(_forwards) is { Length: > 0 } forwards ? forwards : options.Forwards;
        options.Socks.Listen = arguments.GetValue(_socks) is { Length: > 0 } socks ? socks : options.Socks.Listen;
    }
}
