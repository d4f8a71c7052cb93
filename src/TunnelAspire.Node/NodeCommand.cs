using System.CommandLine;
using TunnelAspire.CommandLine;
using TunnelAspire.Connector;
using TunnelAspire.Http;
using TunnelAspire.Http.Cluster;
using TunnelAspire.Http.Identity;
using TunnelAspire.Http.Tls;
using TunnelAspire.Relay;
using TunnelAspire.Routing;

namespace TunnelAspire.Node;

/// <summary><c>tunneld</c>: relay and connector in one process. Routes are in memory, or in a Redis where one is configured.</summary>
internal sealed class NodeCommand : RootCommand, IExplained
{
    private readonly Option<string?> _urls = new("--urls") { Description = "Addresses to listen on, with semicolons between. Default: http://127.0.0.1:8080" };
    private readonly Option<string[]> _allow = new("--allow") { Description = "Targets that may be reached, host:port patterns such as *.internal:5432. May be repeated" };
    private readonly Option<string?> _policy = new("--policy") { Description = "JSON file that says who may reach which targets, on what terms. Read again when it changes" };
    private readonly Option<string?> _certificate = new("--cert") { Description = "PEM file with the certificate, and its chain, for https:// addresses. Read again when it changes" };
    private readonly Option<string?> _key = new("--key") { Description = "PEM file with the certificate's key" };
    private readonly Option<string?> _clientCa = new("--client-ca") { Description = "PEM file with the authorities of which agents must present a certificate" };
    private readonly Option<string?> _tokens = new("--tokens") { Description = "File with the tokens of those who may open sessions; 'tunneld token new NAME' makes its lines. Read again when it changes" };
    private readonly Option<bool> _open = new("--open") { Description = "Let everyone who reaches the server open sessions" };
    private readonly Option<FileInfo?> _config = new("--config") { Description = "JSON file with sections \"Identity\", \"Connector\", \"Relay\", \"Routing\", \"Cluster\", \"Tls\", \"Kestrel\"" };

    /// <summary>The command with its options.</summary>
    public NodeCommand()
        : base("Relay and connector in one process: the server's side of a tunnel")
    {
        Add(_urls);
        Add(_allow);
        Add(_policy);
        Add(_certificate);
        Add(_key);
        Add(_clientCa);
        Add(_tokens);
        Add(_open);
        Add(_config);
        Add(new PolicyCommand());
        Add(new TokenCommand());
        SetAction((arguments, _) => HostStart.RunAsync([], builder => Register(builder, arguments), app => app.MapRelay(), alone: true));
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples =>
    [
        new("tunneld --urls http://0.0.0.0:8080 --allow '*.internal:5432' --allow 10.0.0.0/8:22", "take agents at port 8080, and lead them to these targets only"),
        new("tunneld --urls https://0.0.0.0:443 --cert fullchain.pem --key privkey.pem --client-ca agents.pem --allow '*.internal:*'", "with TLS, for agents that have a certificate"),
    ];

    private void Register(WebApplicationBuilder builder, ParseResult arguments)
    {
        if (arguments.GetValue(_config) is { } file)
        {
            builder.Configuration.AddJsonFile(file.FullName, optional: false);
        }

        Listen(builder, arguments.GetValue(_urls));
        builder.Services.PostConfigure<TlsOptions>(options => Override(options, arguments));
        if (string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString("redis")))
        {
            builder.AddInMemoryRouting();
        }
        else
        {
            builder.AddRouting();
            builder.RequireClusterKey();
        }

        builder.AddConnector();
        builder.AddRelay();
        builder.ConfineWithoutIdentity();
        builder.Services.AddSingleton(services => new LocalConnector(
            () => services.GetRequiredService<ConnectorIdentity>().Address,
            context => services.GetRequiredService<ConnectorEndpoints>().HandleAsync(context),
            context => services.GetRequiredService<RelayAdmission>().IsProved(context),
            context => services.GetRequiredService<ConnectorEndpoints>().AdmitAsync(context)));
        builder.Services.PostConfigure<ConnectorOptions>(options => Override(options, arguments));
        builder.Services.PostConfigure<IdentityOptions>(options => Override(options, arguments));
    }

    /// <summary>Where nothing says where to listen, neither as URLs nor as endpoints of the web server's own section, it is this machine only.</summary>
    private static void Listen(WebApplicationBuilder builder, string? urls)
    {
        urls ??= builder.Configuration[WebHostDefaults.ServerUrlsKey];
        if (urls is not null || !builder.Configuration.GetSection("Kestrel:Endpoints").Exists())
        {
            builder.WebHost.UseUrls(urls ?? "http://127.0.0.1:8080");
        }
    }

    private void Override(ConnectorOptions options, ParseResult arguments)
    {
        options.Allow = arguments.GetValue(_allow) is { Length: > 0 } allow ? allow : options.Allow;
        options.Policy = arguments.GetValue(_policy) ?? options.Policy;
    }

    private void Override(IdentityOptions options, ParseResult arguments)
    {
        options.TokensFile = arguments.GetValue(_tokens) ?? options.TokensFile;
        options.Open |= arguments.GetValue(_open);
    }

    private void Override(TlsOptions options, ParseResult arguments)
    {
        options.Certificate = arguments.GetValue(_certificate) ?? options.Certificate;
        options.Key = arguments.GetValue(_key) ?? options.Key;
        options.ClientCa = arguments.GetValue(_clientCa) ?? options.ClientCa;
    }
}
