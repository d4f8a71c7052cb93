using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using TunnelAspire.Protocol.Lanes;
using TunnelAspire.Protocol.Sockets;

namespace TunnelAspire.Http1;

/// <summary>
/// Sends requests in plain HTTP/1.1, straight to their server (decision 22). Made for what a tunnel asks of a client: many requests
/// that wait for long and hold nothing while they do, bodies that are sent and received piece by piece on the thread that has them,
/// and a pool of connections that nobody else uses. It knows no redirects, cookies, proxies, logins, compression.
/// </summary>
public sealed class Http1Handler : HttpMessageHandler
{
    private static int _connections;
    private static int _lanes;

    private readonly ConcurrentDictionary<string, Http1Pool> _pools = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConditionalWeakTable<Uri, Http1Pool> _known = []; // by the objects that requests name
    private readonly TimeSpan _connectTimeout;
    private readonly TimeSpan _idleTimeout;
    private readonly Func<Uri, Http1Request>? _shared;
    private readonly Timer _tidy;

    /// <summary>A client with a pool of its own.</summary>
    /// <param name="connectTimeout">How long connecting may take, the server's name included.</param>
    /// <param name="idleTimeout">How long a connection is kept that nobody uses.</param>
    /// <param name="shared">Makes the request to a server that carries lanes, for requests that may share a connection; null: none do.</param>
    public Http1Handler(TimeSpan connectTimeout, TimeSpan idleTimeout, Func<Uri, Http1Request>? shared = null)
    {
        (_connectTimeout, _idleTimeout, _shared) = (connectTimeout, idleTimeout, shared);
        _tidy = new Timer(static handler => ((Http1Handler)handler!).Tidy(), this, idleTimeout / 2, idleTimeout / 2);
    }

    /// <summary>Connections of this process's clients, in use or idle.</summary>
    public static int Connections => Volatile.Read(ref _connections);

    /// <summary>Lanes of this process's clients, in use or idle.</summary>
    public static int Lanes => Volatile.Read(ref _lanes);

    /// <summary>Finds out whether requests to the server can share a connection. Takes 10 s at the most.</summary>
    public Task<SharingTrial> TrySharingAsync(Uri server) => Pool(server).TrySharingAsync();

    internal static void Count(ReadyConnection connection, int more) => Interlocked.Add(ref connection is Lane ? ref _lanes : ref _connections, more);

    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Http1Pool pool = request is Http1Request { Server: { } server } ? _known.GetValue(server, Pool) : Pool(request.RequestUri);
        return pool.SendAsync(request, cancellationToken);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _tidy.Dispose();
            foreach (Http1Pool pool in _pools.Values)
            {
                pool.Close();
            }
        }

        base.Dispose(disposing);
    }

    private Http1Pool Pool(Uri? server)
    {
        Uri plain = server is { IsAbsoluteUri: true, Scheme: "http" } ? server : throw new NotSupportedException($"{server} is not plain HTTP");
        return _pools.GetOrAdd(plain.Authority, static (_, to) => new Http1Pool(to.Server, to.Handler._connectTimeout, to.Handler._shared), (Server: plain, Handler: this));
    }

    private void Tidy()
    {
        long since = Environment.TickCount64 - (long)_idleTimeout.TotalMilliseconds;
        foreach (Http1Pool pool in _pools.Values)
        {
            pool.Close(since);
        }
    }
}
