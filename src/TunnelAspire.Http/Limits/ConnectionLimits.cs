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

    /// <summary>A connection has been accepted, and goes to <paramref name="next"/> unless it is one too many.</summary>
    public async Task AcceptAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        RateLimitLease? lease = null;
        try
        {
            if (Interlocked.Increment(ref _standing) > _most)
            {
                Refuse(connection, "connections");
                return;
            }

            lease = _ofOne?.AttemptAcquire(ClientAddress.Key((connection.RemoteEndPoint as IPEndPoint)?.Address));
            if (lease is { IsAcquired: false })
            {
                Refuse(connection, "connections-client");
                return;
            }

            await next(connection);
        }
        finally
        {
            lease?.Dispose();
            Interlocked.Decrement(ref _standing);
        }
    }

    private void Refuse(ConnectionContext connection, string limit)
    {
        metrics.Refused(limit);
        connection.Abort(new ConnectionAbortedException($"the limit '{limit}' is reached"));
    }

    private static PartitionedRateLimiter<string> ForEachClient(int most) => PartitionedRateLimiter.Create<string, string>(
        client => RateLimitPartition.GetConcurrencyLimiter(client, _ => new ConcurrencyLimiterOptions { PermitLimit = most, QueueLimit = 0 }));
}
