using System.Net;
using System.Text.Json;

namespace TunnelAspire.SampleTarget.Paths;

/// <summary>Finds, among the sessions of all connectors, the one that a connection belongs to.</summary>
internal sealed class ConnectorSessions(IConfiguration configuration, IHttpClientFactory clients)
{
    /// <summary>The named client that asks connectors.</summary>
    public const string ClientName = "connectors";

    private readonly IReadOnlyList<Uri> _connectors = ConnectorUrls.From(configuration);

    /// <summary>Asks all connectors at once; one that does not answer is named, not waited for.</summary>
    public async Task<(CarriedSession? Session, IReadOnlyList<string> Unanswered)> FindAsync(
        IPEndPoint source, CancellationToken cancellationToken)
    {
        (Uri Connector, CarriedSession[]? Sessions)[] answers = await Task.WhenAll(_connectors.Select(url => SessionsOfAsync(url, cancellationToken)));
        CarriedSession? session = answers
            .SelectMany(answer => answer.Sessions ?? [])
            .FirstOrDefault(candidate => IPEndPoint.TryParse(candidate.Source, out IPEndPoint? end) && Normal(end).Equals(Normal(source)));
        return (session, [.. answers.Where(answer => answer.Sessions is null).Select(answer => answer.Connector.Authority)]);
    }

    /// <summary>A dual-mode socket shows an IPv4 peer as <c>::ffff:127.0.0.1</c>.</summary>
    public static IPEndPoint Normal(IPEndPoint end) =>
        end.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(end.Address.MapToIPv4(), end.Port) : end;

    private async Task<(Uri Connector, CarriedSession[]? Sessions)> SessionsOfAsync(Uri connector, CancellationToken cancellationToken)
    {
        try
        {
            using HttpClient client = clients.CreateClient(ClientName);
            using HttpRequestMessage request = new(HttpMethod.Get, new Uri(connector, "sessions"));
            request.Headers.TryAddWithoutValidation("Tunnel-Proof", configuration["Sessions:Proof"] ?? "");
            using HttpResponseMessage answer = await client.SendAsync(request, cancellationToken);
            return (connector, await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<CarriedSession[]>(cancellationToken));
        }
        catch (Exception error) when (error is HttpRequestException or JsonException)
        {
            return (connector, null);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (connector, null); // The client's own time-out; the browser is still there.
        }
    }
}
