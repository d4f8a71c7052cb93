using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using TunnelAspire.Http.Identity;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Http.Limits;

/// <summary>
/// How often clients may open sessions, probe the path and be refused. What a session sends and receives is not counted here: that is
/// bounded by its window.
/// </summary>
public sealed class RequestLimits : IDisposable
{
    private const int ProbesAtOnce = 32;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly PartitionedRateLimiter<string> _opensOfOne;
    private readonly PartitionedRateLimiter<string> _probesOfOne;
    private readonly PartitionedRateLimiter<string> _placesOfOne;
    private readonly PartitionedRateLimiter<string> _failuresOfOne;
    private readonly TokenBucketRateLimiter _opens;
    private readonly StreamBudget _budget;
    private readonly LimitMetrics _metrics;

    private sealed record Admitted;

    /// <summary>Limits as configured.</summary>
    public RequestLimits(IOptions<LimitOptions> options, StreamBudget budget, LimitMetrics metrics)
    {
        (_budget, _metrics) = (budget, metrics);
        _opens = new TokenBucketRateLimiter(Bucket(options.Value.OpensPerSecond, replenishesItself: true));
        _opensOfOne = ForEachClient(options.Value.OpensPerSecondPerClient);
        _probesOfOne = ForEachClient(options.Value.ProbesPerSecondPerClient);
        _placesOfOne = PartitionedRateLimiter.Create<string, string>(client =>
            RateLimitPartition.GetConcurrencyLimiter(client, _ => new ConcurrencyLimiterOptions { PermitLimit = ProbesAtOnce, QueueLimit = 0 }));
        _failuresOfOne = ForEachClient(options.Value.FailuresPerSecondPerClient);
        budget.Refused += metrics.Refused;
    }

    /// <summary>
    /// A client asks for a session. To be called once it is known who calls; a request that relay and connector in one process
    /// handle both counts once.
    /// </summary>
    /// <exception cref="TunnelException"><see cref="TunnelError.TooMany"/> or <see cref="TunnelError.Overloaded"/>.</exception>
    public void AdmitOpen(HttpContext context)
    {
        if (context.Features.Get<Admitted>() is not null)
        {
            return;
        }

        context.Features.Set(new Admitted());
        if (_budget.UsedUp || RoomyBuffers.Rented > _budget.MostBytes)
        {
            throw Refuse("buffers", TunnelError.Overloaded, "the memory for bytes on their way is used up");
        }

        if (Client(context) is { } client)
        {
            RequireFewFailures(client);
            Require(_opensOfOne.AttemptAcquire(client), "opens-client", "you ask for too many sessions a second");
        }

        Require(_opens.AttemptAcquire(), "opens", "too many sessions a second are asked for");
    }

    /// <summary>A client begins a path probe, which ends with the lease that is returned.</summary>
    /// <exception cref="TunnelException"><see cref="TunnelError.TooMany"/>.</exception>
    public RateLimitLease AdmitProbe(HttpContext context)
    {
        string client = Client(context) ?? "";
        RequireFewFailures(client);
        Require(_probesOfOne.AttemptAcquire(client), "probes-client", "you begin too many probes a second");
        RateLimitLease place = _placesOfOne.AttemptAcquire(client);
        return place.IsAcquired ? place : throw Refuse("probes-client", TunnelError.TooMany, $"{ProbesAtOnce} of your probes are under way, the most at once");
    }

    /// <summary>A limit that stands elsewhere has refused something.</summary>
    public TunnelException Refuse(string limit, TunnelError error, string detail)
    {
        _metrics.Refused(limit);
        return new TunnelException(error, detail);
    }

    /// <summary>A request is being refused. False where its client has had too many of those: it is to be told so, and let go.</summary>
    public bool MayFail(HttpContext context, TunnelError error)
    {
        if (!IsClients(error) || Client(context) is not { } client)
        {
            return true;
        }

        using RateLimitLease lease = _failuresOfOne.AttemptAcquire(client);
        if (!lease.IsAcquired)
        {
            _metrics.Refused("failures-client");
        }

        return lease.IsAcquired;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _budget.Refused -= _metrics.Refused;
        _opens.Dispose();
        _opensOfOne.Dispose();
        _probesOfOne.Dispose();
        _placesOfOne.Dispose();
        _failuresOfOne.Dispose();
    }

    /// <summary>Refusals that a client brings about by itself. What sessions and targets come to is not among them.</summary>
    private static bool IsClients(TunnelError error) => error is TunnelError.Malformed or TunnelError.MethodNotAllowed or TunnelError.UnsupportedMediaType
        or TunnelError.Unauthenticated or TunnelError.UntrustedRelay or TunnelError.ForbiddenTarget or TunnelError.SessionUnknown or TunnelError.BodyTooLarge;

    private void RequireFewFailures(string client) =>
        Require(_failuresOfOne.AttemptAcquire(client, permitCount: 0), "failures-client", "too many of your requests were refused");

    private void Require(RateLimitLease lease, string limit, string detail)
    {
        using (lease)
        {
            if (!lease.IsAcquired)
            {
                throw Refuse(limit, TunnelError.TooMany, detail);
            }
        }
    }

    /// <summary>Whom a request counts for: the caller, or the address. Null where a relay brings it, which counts for itself.</summary>
    private static string? Client(HttpContext context)
    {
        if (context.Features.Get<FromRelay>() is not null)
        {
            return null;
        }

        Caller caller = Caller.Of(context);
        if (caller != Caller.Anonymous)
        {
            return $"caller {caller.Name}";
        }

        return ClientAddress.Key(context.Connection.RemoteIpAddress);
    }

    private static PartitionedRateLimiter<string> ForEachClient(int perSecond) => PartitionedRateLimiter.Create<string, string>(
        client => RateLimitPartition.GetTokenBucketLimiter(client, _ => Bucket(perSecond, replenishesItself: false)));

    private static TokenBucketRateLimiterOptions Bucket(int perSecond, bool replenishesItself) => new()
    {
        TokenLimit = 2 * perSecond,
        TokensPerPeriod = Math.Max(1, perSecond / 10),
        ReplenishmentPeriod = perSecond >= 10 ? Period : TimeSpan.FromSeconds(1.0 / perSecond),
        AutoReplenishment = replenishesItself,
        QueueLimit = 0,
    };
}
