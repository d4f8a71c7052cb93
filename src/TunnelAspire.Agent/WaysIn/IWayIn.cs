namespace TunnelAspire.Agent.WaysIn;

/// <summary>How a client says where its connection is to lead. Nothing that it sends afterwards is taken from its socket.</summary>
internal interface IWayIn
{
    /// <summary>Hears the client's request out.</summary>
    /// <exception cref="HandshakeException">There is none, or none that is served.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The client has reset the connection.</exception>
    ValueTask<Arrival> GreetAsync(ClientSocket client, CancellationToken cancellationToken);
}
