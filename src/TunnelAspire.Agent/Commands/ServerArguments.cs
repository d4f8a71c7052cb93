using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TunnelAspire.Agent.Settings;

namespace TunnelAspire.Agent.Commands;

/// <summary>What the command line says about the way to the server; the same for every command that goes there.</summary>
internal sealed class ServerArguments
{
    private readonly Argument<string?> _server = new("server-url")
    {
        Description = "URL of the relays. Default: configuration Agent:Server",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _http = new("--http") { Description = "HTTP version: auto, 1.1 or 2. auto is 1.1 for http://, and what the server offers for https://" };
    private readonly Option<string?> _host = new("--host") { Description = "The server's name in requests and in TLS, where the URL has another name or an address" };
    private readonly Option<string?> _ca = new("--ca") { Description = "PEM file with the authorities that the server's certificate must come from" };
    private readonly Option<string?> _certificate = new("--cert") { Description = "PEM file with the certificate to present to the server, and its chain" };
    private readonly Option<string?> _key = new("--key") { Description = "PEM file with the certificate's key" };
    private readonly Option<string?> _proxy = new("--proxy") { Description = "URL of an HTTP proxy, or none. Default: the environment's" };
    private readonly Option<string?> _proxyUser = new("--proxy-user") { Description = "user[:password] at the proxy; a password that is missing is taken from TUNNEL_PROXY_PASSWORD" };
    private readonly Option<string?> _token = new("--token") { Description = "Token by which the server knows you; others on this machine may see it here: prefer --token-file, or TUNNEL_TOKEN" };
    private readonly Option<string?> _tokenFile = new("--token-file") { Description = "File with the token, read again for each session" };
    private readonly Option<string[]> _headers = new("--header") { Description = "'Name: value' to add to every request. May be repeated" };
    private readonly Option<FileInfo?> _config = new("--config") { Description = "Configuration file, JSON. Default: tunnel/tunnel.json in $XDG_CONFIG_HOME or ~/.config, else in /etc, if there is one" };

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        _http.CompletionSources.Add("auto", "1.1", "2");
        command.Add(_server);
        foreach (Option option in new Option[] { _http, _host, _ca, _certificate, _key, _proxy, _proxyUser, _token, _tokenFile, _headers, _config })
        {
            command.Add(option);
        }
    }

    /// <summary>
    /// A host that is configured by the environment and by the configuration file; the environment wins. Nothing else has a say, least of
    /// all files in whatever folder the command is called from.
    /// </summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="file">The configuration file; null: there is none.</param>
    /// <exception cref="FormatException">The file cannot be used, or a setting is none.</exception>
    public HostApplicationBuilder Host(ParseResult arguments, out SettingsFile? file)
    {
        HostApplicationBuilder builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        file = SettingsFile.Find(arguments.GetValue(_config)?.FullName) is { } path ? new SettingsFile(path) : null;
        if (file is not null)
        {
            builder.Configuration.Sources.Add(file);
        }

        builder.Configuration.AddEnvironmentVariables();
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        SettingsSchema.Root.Of(AgentOptions.Section)!.Check(builder.Configuration.GetSection(AgentOptions.Section));
        return builder;
    }

    /// <summary>What was given wins.</summary>
    public void Override(AgentOptions options, ParseResult arguments)
    {
        options.Server = arguments.GetValue(_server) ?? options.Server;
        options.HttpVersion = arguments.GetValue(_http) ?? options.HttpVersion;
        options.Host = arguments.GetValue(_host) ?? options.Host;
        options.Ca = arguments.GetValue(_ca) ?? options.Ca;
        options.Certificate = arguments.GetValue(_certificate) ?? options.Certificate;
        options.Key = arguments.GetValue(_key) ?? options.Key;
        options.Proxy = arguments.GetValue(_proxy) ?? options.Proxy;
        options.ProxyUser = arguments.GetValue(_proxyUser) ?? options.ProxyUser;
        (options.Token, options.TokenFile) = (arguments.GetValue(_token), arguments.GetValue(_tokenFile)) switch
        {
            (null, null) => (options.Token, options.TokenFile),
            (var token, var file) => (token ?? "", file ?? ""),
        };
        options.Headers = arguments.GetValue(_headers) is { Length: > 0 } headers ? headers : options.Headers;
    }
}
