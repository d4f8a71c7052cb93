using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace TunnelAspire.AppHost;

/// <summary>
/// Who trusts whom: relays and connectors share a key, and agents show a token of which relays know the hash (docs/configuration.md).
/// On this machine both are made at each start. Deployed, the key is made once, and the operator says whose tokens count.
/// </summary>
internal sealed class Trust
{
    private readonly string _key = Fresh();
    private readonly IResourceBuilder<ParameterResource> _cluster;
    private readonly IResourceBuilder<ParameterResource> _token; // the agent's own; deployed, what the relays know of tokens

    /// <summary>Adds what it takes to the map.</summary>
    public Trust(IDistributedApplicationBuilder builder)
    {
        bool run = builder.ExecutionContext.IsRunMode;
        _cluster = run ? builder.AddParameter("clusterkey", _key, secret: true) : builder.AddGeneratedSecret("clusterkey");
        string token = $"tunnel_{Fresh()}";
        _token = run ? builder.AddParameter("token", token, secret: true) : builder.AddParameter("tokens");
        Known = run ? $"agent sha256:{Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(token)))}" : null;
    }

    /// <summary>By which the relays know the agent of this machine; null where the system is deployed.</summary>
    private string? Known { get; }

    /// <summary>A relay or a connector: one of the cluster.</summary>
    public IResourceBuilder<ProjectResource> Join(IResourceBuilder<ProjectResource> service) => service.WithEnvironment("Cluster__Key", _cluster);

    /// <summary>A relay: it also asks who opens sessions.</summary>
    public IResourceBuilder<ProjectResource> Guard(IResourceBuilder<ProjectResource> relay) => Known is { } known
        ? Join(relay).WithEnvironment("Identity__Tokens__0", known)
        : Join(relay).WithEnvironment("Identity__Tokens__0", _token);

    /// <summary>An agent: it says who it is.</summary>
    public IResourceBuilder<ProjectResource> Introduce(IResourceBuilder<ProjectResource> agent) => agent.WithEnvironment("Agent__Token", _token);

    /// <summary>Somebody who may see the connectors' sessions, and nothing else.</summary>
    public IResourceBuilder<ProjectResource> Show(IResourceBuilder<ProjectResource> viewer) => viewer.WithEnvironment(
        "Sessions__Proof", Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(_key), "sessions\n"u8)));

    private static string Fresh() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
}
