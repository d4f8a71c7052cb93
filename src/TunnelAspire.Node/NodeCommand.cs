using System.CommandLine;
using TunnelAspire.Connector;
using TunnelAspire.Http;
using TunnelAspire.Relay;
using TunnelAspire.Routing;

namespace TunnelAspire.Node;

/// <summary><c>tunneld</c>: relay and connector in one process. Routes are in memory, or in a Redis where one is configured.</summary>
internal sealed class NodeCommand : RootCommand
{
    private readonly Option<string?> _urls = new("--urls") { Description = "Addresses to listen on, with semicolons between. Default: http://127.0.0.1:8080" };
    private readonly Option<string[]> _allow = new("--allow") { Description = "Targets that may be reached, host:port patterns such as *.internal:5432. May be repeated" };
    private readonly Option<FileInfo?> _config = new("--config") { Description = "JSON file with sections \"Connector\", \"Relay\", \"Routing\"" };

    /// <summary>The command with its options.</summary>
    public NodeCommand()
        : base("Relay and connector in one process: the server's side of a tunnel")
    {
        Add(_urls);
        Add(_allow);
        Add(_config);
        SetAction((arguments, _) => HostStart.RunAsync([], builder => Register(builder, arguments), app => app.MapRelay()));
    }

    private void Register(WebApplicationBuilder builder, ParseResult arguments)
    {
        if (arguments.GetValue(_config) is { } file)
        {
            builder.Configuration.AddJsonFile(file.FullName, optional: false);
        }

        string? configured = builder.Configuration[WebHostDefaults.ServerUrlsKey];
        builder.WebHost.UseUrls(arguments.GetValue(_urls) ?? configured ?? "http://127.0.0.1:8080");
        if (string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString("redis")))
        {
            builder.AddInMemoryRouting();
        }
        else
        {
            builder.AddRouting();
        }

        builder.AddConnector();
        builder.AddRelay();
        builder.Services.AddSingleton(services => new LocalConnector(
            () => services.GetRequiredService<ConnectorIdentity>().Address, services.GetRequiredService<ConnectorEndpoints>().HandleAsync));
        if (arguments.GetValue(_allow) is { Length: > 0 } allow)
        {
            builder.Services.PostConfigure<ConnectorOptions>(options => options.Allow = allow);
        }
    }
}
