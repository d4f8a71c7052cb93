using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using TunnelAspire.Protocol.Sockets;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Http1;

/// <summary>The connections to one server.</summary>
/// <param name="server">The server.</param>
/// <param name="connectTimeout">How long connecting may take.</param>
/// <param name="shared">Makes the request that carries lanes; null: none are used.</param>
internal sealed class Http1Pool(Uri server, TimeSpan connectTimeout, Func<Uri, Http1Request>? shared)
{
    private const int TrialRounds = 20;

    private readonly IdleConnections _idle = new(AuthorityOf(server));
    private readonly ConcurrentDictionary<int, Sharing> _sharing = new(); // for each thread that waits for sockets
    private readonly Func<Uri, Http1Request>? _shared = shared;

    /// <summary>The server, as a request's Host names it.</summary>
    public string Authority => _idle.Authority;

    /// <summary>Sends a request, once, on a connection that is there already, or else on a new one. Who repeats a request must know that it is a repeat.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        await (TryShare(request) ?? _idle.TryTake() ?? await ConnectAsync(cancellationToken)).SendAsync(request, cancellationToken);

    /// <summary>Begins a connection that requests share, and lets go of it.</summary>
    public async Task<SharingTrial> TrySharingAsync()
    {
        string? obstacle = _shared is null ? "none is asked for" : null;
        using SharedConnection? shared = obstacle is null
            ? await SharedConnection.BeginAsync(this, _shared!(server), skipped: 0, Sharing.Patience, why => obstacle = why)
            : null;
        return shared is null ? new SharingTrial(null, obstacle) : await TryAsync(shared);
    }

    /// <summary>Closes what has been idle since before <paramref name="since"/>, in milliseconds since the system started.</summary>
    public void Close(long since)
    {
        _idle.Close(since);
        foreach (Sharing sharing in _sharing.Values)
        {
            sharing.Close(since);
        }
    }

    /// <summary>Closes what is idle, and what becomes idle.</summary>
    public void Close()
    {
        _idle.Close();
        foreach (Sharing sharing in _sharing.Values)
        {
            sharing.Close();
        }
    }

    private static string AuthorityOf(Uri server) =>
        (server.HostNameType == UriHostNameType.IPv6 ? server.Host : server.IdnHost) + (server.IsDefaultPort ? "" : $":{server.Port}");

    private static async Task<SharingTrial> TryAsync(SharedConnection shared)
    {
        TimeSpan[] roundTrips = new TimeSpan[TrialRounds];
        using CancellationTokenSource limit = new(Sharing.Patience);
        try
        {
            for (int i = 0; i < TrialRounds; i++)
            {
                roundTrips[i] = await shared.PingAsync(limit.Token);
            }
        }
        catch (OperationCanceledException)
        {
            return new SharingTrial(null, "it breaks off"); // its end, or the limit
        }

        Array.Sort(roundTrips);
        return new SharingTrial(roundTrips[TrialRounds / 2], null);
    }

    /// <summary>A lane, for a request that may take one.</summary>
    private Http1Connection? TryShare(HttpRequestMessage request)
    {
        if (request is not Http1Request { MayShare: true } brief || _shared is null)
        {
            return null;
        }

        Http1Connection? lane = _sharing.GetOrAdd(Math.Max(0, ReadySocket.Thread), Begin).TryTake();
        brief.IsShared = lane is not null;
        return lane;
    }

    private Sharing Begin(int thread)
    {
        int skipped = _shared!(server).Target.Length - TunnelPaths.Lanes.Length;
        return new Sharing(this, () => _shared(server), skipped);
    }

    /// <summary>Connects.</summary>
    /// <exception cref="OperationCanceledException">That took too long, or <paramref name="cancellationToken"/> was cancelled.</exception>
    private async Task<Http1Connection> ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(connectTimeout);
            return new Http1Connection(await ConnectToAnyAsync(limit.Token), _idle);
        }
        catch (SocketException e)
        {
            bool unknown = e.SocketErrorCode is SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData or SocketError.NoRecovery;
            throw new HttpRequestException(
                unknown ? HttpRequestError.NameResolutionError : HttpRequestError.ConnectionError, $"{e.Message} ({Authority})", e);
        }
    }

    /// <summary>Connects to one of the server's addresses.</summary>
    private async Task<ReadySocket> ConnectToAnyAsync(CancellationToken cancellationToken)
    {
        IPAddress[] addresses = IPAddress.TryParse(server.IdnHost, out IPAddress? address) ? [address] : await Dns.GetHostAddressesAsync(server.IdnHost, cancellationToken);
        SocketException? failure = null;
        foreach (IPAddress place in addresses)
        {
            try
            {
                return await ReadySocket.ConnectAsync(new IPEndPoint(place, server.Port), cancellationToken);
            }
            catch (SocketException e)
            {
                failure = e;
            }
        }

        throw failure ?? new SocketException((int)SocketError.HostNotFound);
    }
}
