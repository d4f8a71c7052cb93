namespace TunnelAspire.SampleTarget.Paths;

/// <summary>
/// One session as a connector lists it:
/// <code>{"id":"1a2b3c4d","target":"host:port","source":"127.0.0.1:54321","connector":"connector-0",
///  "relays":["relay-1"],"bytesUp":1,"bytesDown":2,"ageSeconds":1.5}</code>
/// </summary>
/// <param name="Id">The first characters of the session's public id.</param>
/// <param name="Source">The connector's own end of the connection to the target.</param>
/// <param name="Connector">Name of the connector that holds the session.</param>
/// <param name="Relays">Names of the relays that have carried requests of the session so far, by name.</param>
/// <param name="BytesUp">Bytes from the client to the target.</param>
/// <param name="BytesDown">Bytes from the target to the client.</param>
/// <param name="AgeSeconds">Seconds since the session opened.</param>
internal sealed record CarriedSession(
    string Id, string Source, string Connector, IReadOnlyList<string> Relays, long BytesUp, long BytesDown, double AgeSeconds);
