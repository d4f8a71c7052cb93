using System.Text.Json.Serialization;
using TunnelAspire.Agent.Doctor.Output;
using TunnelAspire.Agent.Http;

namespace TunnelAspire.Agent.Doctor;

/// <summary>Where the agent's connections go first: to the server, or to a proxy on this side.</summary>
/// <param name="Host">Name or address that is connected to.</param>
/// <param name="Port">Its port.</param>
/// <param name="Proxy">URL of the proxy, without a password; null if there is none.</param>
/// <param name="Source">Who said so: <c>option</c>, <c>environment</c>, or <c>none</c> where there is no proxy.</param>
internal sealed record NextHop(string Host, int Port, string? Proxy, string Source) : IFinding
{
    /// <summary>The hop of an agent with these options.</summary>
    public static NextHop Of(AgentOptions options)
    {
        Uri server = options.ParseServer();
        return ForwardProxy.Find(options) is { Address: { } proxy }
            ? new(proxy.IdnHost, proxy.Port, proxy.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped), options.Proxy.Length > 0 ? "option" : "environment")
            : new(server.IdnHost, server.Port, null, "none");
    }

    /// <summary>Host and port as one writes them.</summary>
    [JsonIgnore]
    public string Authority => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    /// <inheritdoc/>
    public IEnumerable<Line> Lines() =>
        [new(Mark.Good, "Forward proxy", Proxy is null ? "none" : $"{Proxy}, from the {(Source == "option" ? "option --proxy" : "environment")}")];
}
