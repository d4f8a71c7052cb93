using System.Net;
using System.Net.Sockets;
using TunnelAspire.Protocol.Sockets;

namespace TunnelAspire.Http1;

/// <summary>The connections to one server. The one that was used last is taken first, so that the others can be let go.</summary>
internal sealed class Http1Pool(Uri server, TimeSpan connectTimeout)
{
    private readonly List<Http1Connection> _idle = []; // and what guards it
    private bool _closed;

    /// <summary>The server, as a request's Host names it.</summary>
    public string Authority { get; } = (server.HostNameType == UriHostNameType.IPv6 ? server.Host : server.IdnHost) + (server.IsDefaultPort ? "" : $":{server.Port}");

    /// <summary>Sends a request, once, on a connection that is there already, or else on a new one. Who repeats a request must know that it is a repeat.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        await (TryTake() ?? await ConnectAsync(cancellationToken)).SendAsync(request, cancellationToken);

    /// <summary>Takes a connection back.</summary>
    public void Return(Http1Connection connection)
    {
        lock (_idle)
        {
            if (!_closed)
            {
                _idle.Add(connection);
                return;
            }
        }

        connection.Dispose();
    }

    /// <summary>Closes what has been idle since before <paramref name="since"/>, in milliseconds since the system started.</summary>
    public void Close(long since)
    {
        lock (_idle)
        {
            _idle.RemoveAll(connection => Close(connection, since));
        }
    }

    /// <summary>Closes what is idle, and what becomes idle.</summary>
    public void Close()
    {
        lock (_idle)
        {
            _closed = true;
        }

        Close(long.MaxValue);
    }

    private static bool Close(Http1Connection connection, long since)
    {
        bool closes = connection.IdleSince < since || connection.IsStale;
        if (closes)
        {
            connection.Dispose();
        }

        return closes;
    }

    private Http1Connection? TryTake()
    {
        while (true)
        {
            Http1Connection last;
            lock (_idle)
            {
                if (_idle.Count == 0)
                {
                    return null;
                }

                last = _idle[^1];
                _idle.RemoveAt(_idle.Count - 1);
            }

            if (!last.IsStale)
            {
                return last;
            }

            last.Dispose();
        }
    }

    /// <summary>Connects.</summary>
    /// <exception cref="OperationCanceledException">That took too long, or <paramref name="cancellationToken"/> was cancelled.</exception>
    private async Task<Http1Connection> ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(connectTimeout);
            return new Http1Connection(await ConnectToAnyAsync(limit.Token), this);
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
