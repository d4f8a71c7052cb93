using System.CommandLine;
using Microsoft.Extensions.Configuration;

namespace TunnelAspire.Agent.Commands;

/// <summary>The options that say where the relays are and how to get there: the same for every command that goes there.</summary>
internal sealed class ServerArguments
{
    private readonly Argument<string?> _server = new("server-url")
    {
        Description = "URL of the relays. Default: configuration Agent:Server",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _proxy = new("--proxy") { Description = "URL of an HTTP proxy, or none. Default: the environment's" };
    private readonly Option<string[]> _headers = new("--header") { Description = "'Name: value' to add to every request. May be repeated" };
    private readonly Option<FileInfo?> _config = new("--config") { Description = "JSON file with a section \"Agent\"" };

    /// <summary>Gives them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_server);
        command.Add(_proxy);
        command.Add(_headers);
        command.Add(_config);
    }

    /// <summary>Adds the file that the command line names.</summary>
    public void Configure(IConfigurationBuilder configuration, ParseResult arguments)
    {
        if (arguments.GetValue(_config) is { } file)
        {
            configuration.AddJsonFile(file.FullName, optional: false);
        }
    }

    /// <summary>What the command line says wins.</summary>
    public void Override(AgentOptions options, ParseResult arguments)
    {
        options.Server = arguments.GetValue(_server) ?? options.Server;
        options.Proxy = arguments.GetValue(_proxy) ?? options.Proxy;
        options.Headers = arguments.GetValue(_headers) is { Length: > 0 } headers ? headers : options.Headers;
    }
}
