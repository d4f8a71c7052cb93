using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace TunnelAspire.Http.Limits;

/// <summary>How many connections stand at once, in all and from one address. One beyond is closed before its first byte is read.</summary>
public sealed class ConnectionLimits(IOptions<LimitOptions> options, LimitMetrics metrics)
{
    private readonly int _most = options.Value.MaxConnections > 0 ? options.Value.MaxConnections : OpenFiles.ForConnections();
    private readonly PartitionedRateLimiter<string>? _ofOne = options.Value.MaxConnectionsPerClient is > 0 and int most ? ForEachClient(most) : null;
    private int _standing;

    /// <summary>A connection has been accepted by the web server, and goes to <paramref name="next"/> unless it is one too many.</summary>
    public async Task AcceptAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        using Place? place = TryEnter(connection.RemoteEndPoint, out string limit);
        if (place is null)
        {
            connection.Abort(new ConnectionAbortedException($"the limit '{limit}' is reached"));
            return;
        }

        await next(connection);
    }

    /// <summary>A place for one more connection, until it is disposed; null where there is none, because of <paramref name="limit"/>.</summary>
    internal Place? TryEnter(EndPoint? client, out string limit)
    {
        limit = "connections";
        if (Interlocked.Increment(ref _standing) <= _most)
        {
            if (TryEnterAsClient(client, out RateLimitLease? lease))
            {
                return new Place(lease, this);
            }

            limit = "connections-client";
        }

        Interlocked.Decrement(ref _standing);
        metrics.Refused(limit);
        return null;
    }

    /// <summary>The same for a lane in a connection. It needs no file: where nothing else limits connections, only its client's limit counts.</summary>
    internal Place? TryEnterLane(EndPoint? client)
    {
        if (options.Value.MaxConnections > 0)
        {
            return TryEnter(client, out _);
        }

        if (TryEnterAsClient(client, out RateLimitLease? lease))
        {
            return new Place(lease, counted: null);
        }

        metrics.Refused("connections-client");
        return null;
    }

    /// <summary>One connection's place.</summary>
    internal sealed class Place(RateLimitLease? lease, ConnectionLimits? counted) : IDisposable
    {
        private int _left;

        /// <summary>The connection is over.</summary>
        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                lease?.Dispose();
                if (counted is not null)
                {
                    Interlocked.Decrement(ref counted._standing);
                }
            }
        }
    }

    private bool TryEnterAsClient(EndPoint? client, out RateLimitLease? lease)
    {
        lease = _ofOne?.AttemptAcquire(ClientAddress.Key((client as IPEndPoint)?.Address));
        if (lease is null or { IsAcquired: true })
        {
            return true;
        }

        lease.Dispose();
        return false;
    }

    private static PartitionedRateLimiter<string> ForEachClient(int most) => PartitionedRateLimiter.Create<string, string>(
        client => RateLimitPartition.GetConcurrencyLimiter(client, _ => new ConcurrencyLimiterOptions { PermitLimit = most, QueueLimit = 0 }));
}
