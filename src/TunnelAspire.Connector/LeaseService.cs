using Microsoft.Extensions.Options;
using TunnelAspire.Connector.Sessions;
using TunnelAspire.Routing;

namespace TunnelAspire.Connector;

/// <summary>
/// The connector's heartbeat: keeps its own entry and its sessions' routes alive in the routing store, restores both where the
/// store has lost them, and ends sessions whose clocks have run out.
/// </summary>
public sealed partial class LeaseService(
    IRoutingStore store, SessionTable sessions, ConnectorIdentity identity, ConnectorDrain drain, LeaseServiceContext context) : BackgroundService
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(1);
    private readonly ILogger _logger = context.Logger;
    private bool _away;
    private bool _restore;
    private long _routesWritten;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!await context.StartedAsync(stoppingToken))
        {
            return;
        }

        using PeriodicTimer timer = new(Heartbeat, context.Time);
        try
        {
            do
            {
                await BeatAsync(stoppingToken);
                Sweep();
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops: say goodbye below.
        }

        try
        {
            await store.WithdrawAsync(identity.Address, CancellationToken.None);
        }
        catch (RoutingUnavailableException)
        {
            // The lease ends by itself.
        }
    }

    private async Task BeatAsync(CancellationToken cancellationToken)
    {
        try
        {
            _restore |= !await store.AnnounceAsync(new ConnectorStatus(identity.Address, sessions.Count, drain.Draining), cancellationToken);
            if (_restore || context.Time.GetElapsedTime(_routesWritten) > context.Routing.Value.RouteLease / 3)
            {
                await store.RefreshRoutesAsync([.. _restore ? sessions.Routed : sessions.Open.Select(session => session.Id)], identity.Address, cancellationToken);
                _restore = false;
                _routesWritten = context.Time.GetTimestamp();
            }

            if (_away)
            {
                LogBack();
                _away = false;
            }
        }
        catch (RoutingUnavailableException e)
        {
            _restore = true; // whatever the store has lost meanwhile: a late write of this beat may hide it from the next
            if (!_away)
            {
                LogAway(e.Message);
                _away = true;
            }
        }
    }

    private void Sweep()
    {
        ConnectorOptions options = context.Options.Value;
        foreach (TargetSession session in sessions.Open)
        {
            if (session.Silence > options.Grace)
            {
                sessions.End(session, SessionEndReason.Abandoned);
            }
            else if (session.Age > session.Lifetime)
            {
                sessions.End(session, SessionEndReason.Expired);
            }
            else if (options.IdleLimit > TimeSpan.Zero && session.Idleness() > options.IdleLimit)
            {
                sessions.End(session, SessionEndReason.Idle);
            }
        }
    }

    [LoggerMessage(2020, LogLevel.Warning, "The routing store is out of reach: {Detail}. Running sessions go on; new ones cannot be opened")]
    private partial void LogAway(string detail);

    [LoggerMessage(2021, LogLevel.Information, "The routing store is back; all routes are in place")]
    private partial void LogBack();
}

/// <summary>What the heartbeat is given by the host.</summary>
public sealed record LeaseServiceContext(
    IOptions<ConnectorOptions> Options, IOptions<RoutingOptions> Routing, TimeProvider Time, IHostApplicationLifetime Lifetime, ILogger<LeaseService> Logger)
{
    /// <summary>Completes once the server listens, so that the address to register is known. False if it never will.</summary>
    public async Task<bool> StartedAsync(CancellationToken stopping)
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = Lifetime.ApplicationStarted.Register(started.SetResult);
        return await Task.WhenAny(started.Task, Task.Delay(Timeout.Infinite, stopping)) == started.Task;
    }
}
