using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TunnelAspire.Agent.Forwards;
using TunnelAspire.Agent.Sessions;
using TunnelAspire.Protocol.Sockets;

namespace TunnelAspire.Agent.WaysIn;

/// <summary>Accepts a listener's connections, hears out what their clients ask for, and hands those on that can be carried.</summary>
/// <param name="listener">The listener; disposed with the reception.</param>
/// <param name="serve">Carries a client to the end of its connection; does not throw.</param>
/// <param name="metrics">Counts those that are not carried.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where refusals go.</param>
internal sealed partial class Reception(
    ForwardListener listener, Func<Client, CancellationToken, Task> serve, AgentMetrics metrics, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly ConcurrentDictionary<Task, byte> _clients = new();

    /// <summary>Where the clients come in.</summary>
    public ForwardListener Listener => listener;

    /// <summary>Accepts until the agent stops.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        if (listener is { Way: ProxyWayIn { AsksForPassword: false }, Listen: IPEndPoint address } && !IPAddress.IsLoopback(address.Address))
        {
            LogOpenToAll(address);
        }

        try
        {
            while (true)
            {
                Socket socket = await listener.AcceptAsync(e => LogCannotAccept(listener.Listen, e.Message), stop);
                Task client = ReceiveAsync(socket, stop);
                _clients.TryAdd(client, 0);
                _ = client.ContinueWith(done => _clients.TryRemove(done, out _), TaskScheduler.Default);
            }
        }
        catch (Exception e) when (stop.IsCancellationRequested && e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The agent stops.
        }
    }

    /// <summary>When all clients that have come in are gone.</summary>
    public Task EmptyAsync() => Task.WhenAll(_clients.Keys);

    /// <summary>Takes no more connections.</summary>
    public void Dispose() => listener.Dispose();

    private async Task ReceiveAsync(Socket socket, CancellationToken stop)
    {
        await Task.Yield(); // the next connection is accepted meanwhile
        ClientSocket client = new(socket, time);
        try
        {
            Arrival request = await listener.Way.GreetAsync(client, stop);
            await serve(new Client(new SocketEnd(socket, request.First), request, Name(socket)) { Part = words => client.PartAsync(words, stop) }, stop);
        }
        catch (HandshakeException refusal)
        {
            LogRefused(Name(socket), listener.Listen, refusal.Message);
            metrics.Sessions.Ended(null, SessionOutcome.Code(refusal));
            await client.PartAsync(refusal.Answer, stop);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            socket.Dispose(); // the client has reset the connection during the handshake, or the agent stops
        }
    }

    /// <summary>A client of a unix socket has no name of its own.</summary>
    private string Name(Socket socket) => socket.RemoteEndPoint?.ToString() is { Length: > 0 } name ? name : $"a client of {listener.Listen}";

    [LoggerMessage(1005, LogLevel.Error, "Cannot accept connections on {Listen}: {Detail}")]
    private partial void LogCannotAccept(EndPoint listen, string detail);

    [LoggerMessage(1007, LogLevel.Warning, "The proxy on {Listen} asks for no password: whoever reaches it uses this tunnel. Set Agent:Socks:User and Agent:Socks:Password, or listen on 127.0.0.1")]
    private partial void LogOpenToAll(EndPoint listen);

    [LoggerMessage(1006, LogLevel.Debug, "Connection of {Client} to {Listen} refused: {Detail}")]
    private partial void LogRefused(string client, EndPoint listen, string detail);
}
