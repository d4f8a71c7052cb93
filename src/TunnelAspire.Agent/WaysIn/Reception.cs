using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TunnelAspire.Agent.Forwards;
using TunnelAspire.Agent.Sessions;
using TunnelAspire.Protocol.Sockets;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Agent.WaysIn;

/// <summary>Accepts a listener's connections, hears out what their clients ask for, and hands those on that can be carried.</summary>
/// <param name="listener">The listener; disposed with the reception, whose clients go on without it.</param>
/// <param name="serve">Carries a client to the end of its connection; does not throw.</param>
/// <param name="metrics">Counts those that are not carried.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where refusals go.</param>
internal sealed partial class Reception(
    ForwardListener listener, Func<Client, CancellationToken, Task> serve, AgentMetrics metrics, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly AsyncSignal _left = new();
    private readonly CancellationTokenSource _closed = new();
    private long _accepted;
    private int _clients;

    /// <summary>Where the clients come in.</summary>
    public ForwardListener Listener => listener;

    /// <summary>Where it listens, also when it does no more.</summary>
    public EndPoint Listen { get; } = listener.Listen;

    /// <summary>Connections that have come in.</summary>
    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>Clients that are here.</summary>
    public int Clients => Volatile.Read(ref _clients);

    /// <summary>Goes by another plan for the same address; what has come in already stays as it is.</summary>
    public void Change(ForwardPlan plan)
    {
        listener.Plan = plan;
        WarnIfOpenToAll();
    }

    /// <summary>Accepts until the agent stops, or the reception is closed.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        WarnIfOpenToAll();
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(stop, _closed.Token);
        try
        {
            while (true)
            {
                ReadySocket socket = new(await listener.AcceptAsync(e => LogCannotAccept(Listen, e.Message), over.Token));
                Interlocked.Increment(ref _accepted);
                Interlocked.Increment(ref _clients);
                _ = ReceiveAsync(socket, stop); // on this thread as far as it goes without a wait, which wakes no other
            }
        }
        catch (Exception e) when (over.IsCancellationRequested && e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The agent stops, or takes no more connections here.
        }
    }

    /// <summary>When all clients that have come in are gone.</summary>
    public async Task EmptyAsync()
    {
        while (Clients > 0)
        {
            Task left = _left.Next();
            if (Clients > 0)
            {
                await left;
            }
        }
    }

    /// <summary>Takes no more connections.</summary>
    public void Dispose()
    {
        _closed.Cancel();
        listener.Dispose();
    }

    private async Task ReceiveAsync(ReadySocket socket, CancellationToken stop)
    {
        ClientSocket client = new(socket, time);
        try
        {
            ForwardPlan plan = listener.Plan;
            Arrival request = await plan.Way.GreetAsync(client, stop);
            await serve(new Client(new SocketEnd(socket, request.First), request, Name(socket)) { Forward = plan, Part = words => client.PartAsync(words, stop) }, stop);
        }
        catch (HandshakeException refusal)
        {
            LogRefused(Name(socket), Listen, refusal.Message);
            metrics.Sessions.Ended(null, SessionOutcome.Code(refusal));
            await client.PartAsync(refusal.Answer, stop);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            socket.Dispose(); // the client has reset the connection during the handshake, or the agent stops
        }
        catch (Exception e)
        {
            socket.Dispose();
            LogBroken(Listen, e); // a fault of the agent's own, which must not end it
        }
        finally
        {
            if (Interlocked.Decrement(ref _clients) == 0)
            {
                _left.Set();
            }
        }
    }

    private void WarnIfOpenToAll()
    {
        if (listener.Way is ProxyWayIn { AsksForPassword: false } && Listen is IPEndPoint address && !IPAddress.IsLoopback(address.Address))
        {
            LogOpenToAll(address);
        }
    }

    /// <summary>A client of a unix socket has no name of its own.</summary>
    private string Name(ReadySocket socket) => socket.RemoteEndPoint?.ToString() is { Length: > 0 } name ? name : $"a client of {Listen}";

    [LoggerMessage(1005, LogLevel.Error, "Cannot accept connections on {Listen}: {Detail}")]
    private partial void LogCannotAccept(EndPoint listen, string detail);

    [LoggerMessage(1007, LogLevel.Warning, "The proxy on {Listen} asks for no password: whoever reaches it uses this tunnel. Set Agent:Socks:User and Agent:Socks:Password, or listen on 127.0.0.1")]
    private partial void LogOpenToAll(EndPoint listen);

    [LoggerMessage(1008, LogLevel.Error, "A connection to {Listen} broke on a fault of the agent")]
    private partial void LogBroken(EndPoint listen, Exception fault);

    [LoggerMessage(1006, LogLevel.Debug, "Connection of {Client} to {Listen} refused: {Detail}")]
    private partial void LogRefused(string client, EndPoint listen, string detail);
}
