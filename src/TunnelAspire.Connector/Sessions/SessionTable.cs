using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Options;
using TunnelAspire.Connector.Audit;
using TunnelAspire.Http.Limits;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Routing;

namespace TunnelAspire.Connector.Sessions;

/// <summary>The sessions that this connector holds.</summary>
/// <remarks>
/// Opening is shared: a repeated open of the same id waits for the first one's outcome. A session is in the table from the
/// first open until <see cref="End"/>; its route is written after the target is connected and before any byte reaches the target.
/// </remarks>
public sealed partial class SessionTable(
    Admission admission, IRoutingStore routes, ConnectorIdentity identity, ConnectorMetrics metrics, SessionTableContext context)
{
    private readonly ConcurrentDictionary<SessionId, Lazy<Task<TargetSession>>> _sessions = new();
    private readonly EndedSessions _ended = new(context.Time);
    private readonly ConnectorOptions _options = context.Options.Value;
    private readonly ILogger _logger = context.Logger;
    private int _opening;

    /// <summary>Sessions open or being opened.</summary>
    public int Count => _sessions.Count;

    /// <summary>The sessions that are open now.</summary>
    public IEnumerable<TargetSession> Open =>
        _sessions.Values.Where(entry => entry.IsValueCreated && entry.Value.IsCompletedSuccessfully).Select(entry => entry.Value.GetAwaiter().GetResult());

    /// <summary>Opens the session, or finds the one that an earlier open of the same id made.</summary>
    public async Task<TargetSession> OpenAsync(Opening opening, CancellationToken cancellationToken)
    {
        SessionId id = opening.Session;
        if (!_sessions.ContainsKey(id))
        {
            RequireRoom(opening);
        }

        // The opening outlives the request that began it: its repeat through another relay may be waiting for it.
        Lazy<Task<TargetSession>> entry = _sessions.GetOrAdd(id, _ => new(() => ConnectAsync(opening)));
        TargetSession session = await entry.Value.WaitAsync(cancellationToken);
        return session.Target == opening.Target && session.Caller.Name == opening.Caller.Name
            ? session
            : throw new TunnelException(TunnelError.Malformed, "the open key has been used for another target, or by another caller");
    }

    /// <summary>The open session of that id, or null.</summary>
    public TargetSession? Find(SessionId id) =>
        _sessions.TryGetValue(id, out Lazy<Task<TargetSession>>? entry) && entry.IsValueCreated && entry.Value.IsCompletedSuccessfully
            ? entry.Value.GetAwaiter().GetResult()
            : null;

    /// <summary>How a session that is not open any more ended, if that was lately.</summary>
    public Ending FindEnding(SessionId id) => _ended.Find(id) ?? default;

    /// <summary>Sessions whose routes must stand: the open ones, and those that lately ended, so that late requests learn here that they have.</summary>
    public IEnumerable<SessionId> Routed => Open.Select(session => session.Id).Concat(_ended.Ids);

    /// <summary>Ends a session whose streams have both ended and have been acknowledged.</summary>
    public void Complete(TargetSession session) => Close(session, SessionEndReason.Closed, new Ending(new Completion(session.BytesUp, session.BytesDown), null));

    /// <summary>Ends a session: its target sees a close or a reset, its requests are answered.</summary>
    /// <remarks>Its route stands until its lease ends, so that late requests, opens as well, learn here that the session is gone.</remarks>
    public void End(TargetSession session, SessionEndReason reason) =>
        Close(session, reason, reason == SessionEndReason.Expired ? new Ending(null, session.Lifetime ?? session.Age) : default);

    private void Close(TargetSession session, SessionEndReason reason, Ending ending)
    {
        _ended.Add(session.Id, ending); // before its requests are let go, since they ask for it; and before it could be opened again
        if (session.Close())
        {
            _sessions.TryRemove(session.Id, out _);
            metrics.Sessions.Ended(session, reason.ToString());
            context.Audit.Ended(session, reason);
            LogEnded(session.Id.Prefix, session.Target, reason, session.BytesUp, session.BytesDown, session.Age.TotalSeconds);
        }
    }

    private void RequireRoom(Opening opening)
    {
        try
        {
            RequireRoom();
        }
        catch (TunnelException e)
        {
            context.Audit.NotOpened(opening, e);
            throw;
        }
    }

    private void RequireRoom()
    {
        if (context.Drain.Draining)
        {
            throw new TunnelException(TunnelError.Draining, $"connector {identity.Address.Name} takes no new sessions");
        }

        if (Count >= _options.MaxSessions)
        {
            throw context.Refusals.Refuse("sessions", TunnelError.TooMany, $"{_options.MaxSessions} sessions are open, the most that this connector takes");
        }

        if (Volatile.Read(ref _opening) >= context.Limits.Value.MaxOpening)
        {
            throw context.Refusals.Refuse("opening", TunnelError.TooMany, $"{context.Limits.Value.MaxOpening} sessions are being opened, the most at once");
        }
    }

    private async Task<TargetSession> ConnectAsync(Opening opening)
    {
        (SessionId id, TargetAddress target) = (opening.Session, opening.Target);
        Interlocked.Increment(ref _opening);
        long begun = Stopwatch.GetTimestamp();
        Activity? trace = ConnectorMetrics.Traces.StartActivity("tunnel.session", ActivityKind.Server);
        trace?.SetTag("tunnel.session", id.Prefix).SetTag("tunnel.target", target.ToString()).SetTag("tunnel.connector", identity.Address.Name);
        try
        {
            if (_ended.Find(id) is not null)
            {
                throw new TunnelException(TunnelError.SessionGone, "the session has been open, and has ended");
            }

            Admitted admitted = await admission.AdmitAsync(opening, CancellationToken.None);
            TargetSession session = new(opening, admitted, _options.Limits, context.Time, context.Budget) { Trace = trace };
            await ClaimAsync(session);
            metrics.Sessions.Opened(session, Stopwatch.GetElapsedTime(begun));
            context.Audit.Opened(session);
            if (_logger.IsEnabled(LogLevel.Debug))
            {
                LogOpened(id.Prefix, target, session.Source);
            }

            return session;
        }
        catch (Exception e)
        {
            _sessions.TryRemove(id, out _);
            context.Audit.NotOpened(opening, e);
            trace?.SetStatus(ActivityStatusCode.Error, e.Message).Dispose();
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _opening);
        }
    }

    /// <summary>Writes the route; where another connector was first, its session is the one that counts.</summary>
    private async Task ClaimAsync(TargetSession session)
    {
        try
        {
            ConnectorAddress holder = await routes.ClaimRouteAsync(session.Id, identity.Address, CancellationToken.None);
            if (holder != identity.Address)
            {
                throw new TunnelException(TunnelError.ConnectorUnreachable, $"{holder.Name} has opened the session already; repeat the open");
            }
        }
        catch (Exception e)
        {
            session.Close();
            throw e is RoutingUnavailableException ? new TunnelException(TunnelError.RoutingUnavailable, "the session's route cannot be written now", e) : e;
        }
    }

    [LoggerMessage(2000, LogLevel.Debug, "Session {Session} opened to {Target} from {Source}")]
    private partial void LogOpened(string session, TargetAddress target, string source);

    [LoggerMessage(2001, LogLevel.Debug, "Session {Session} to {Target} ended: {Reason}; {BytesUp} bytes up, {BytesDown} down, {Seconds:0.0} s")]
    private partial void LogEnded(string session, TargetAddress target, SessionEndReason reason, long bytesUp, long bytesDown, double seconds);
}

/// <summary>What the table is given by the host.</summary>
public sealed record SessionTableContext(
    IOptions<ConnectorOptions> Options, IOptions<LimitOptions> Limits, RequestLimits Refusals, StreamBudget Budget, AuditTrail Audit, ConnectorDrain Drain, TimeProvider Time, ILogger<SessionTable> Logger);
