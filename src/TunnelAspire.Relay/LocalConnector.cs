using TunnelAspire.Routing;

namespace TunnelAspire.Relay;

/// <summary>A connector in the relay's own process: requests for it are handed over, without a hop. A host registers it where there is one.</summary>
/// <param name="Address">How the connector is registered; known once the server listens.</param>
/// <param name="Handle">Answers a request of the protocol as the connector.</param>
/// <param name="IsMeant">Whether a request comes from another process's relay, which has proved itself, and so means the connector and not the relay.</param>
/// <param name="Admit">Answers such a request.</param>
public sealed record LocalConnector(Func<ConnectorAddress> Address, RequestDelegate Handle, Func<HttpContext, bool> IsMeant, RequestDelegate Admit);
