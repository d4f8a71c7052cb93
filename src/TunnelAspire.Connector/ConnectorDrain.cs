using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using TunnelAspire.Connector.Sessions;

namespace TunnelAspire.Connector;

/// <summary>
/// What happens between the request to stop and the end: no new sessions, readiness false at once, live sessions go on until
/// they end or the deadline passes; then they are reset. Requests are served all the while.
/// </summary>
public sealed class ConnectorDrain : IHealthCheck
{
    private volatile bool _draining;

    /// <summary>Whether the connector has been told to stop.</summary>
    public bool Draining => _draining;

    /// <summary>No new sessions from now on.</summary>
    public void Begin() => _draining = true;

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Draining ? HealthCheckResult.Unhealthy("draining") : HealthCheckResult.Healthy());
}

/// <summary>Runs the drain when the host is told to stop, before the server stops listening.</summary>
public sealed partial class DrainService(
    ConnectorDrain drain, SessionTable sessions, IOptions<ConnectorOptions> options, TimeProvider time, ILogger<DrainService> logger)
    : IHostedLifecycleService
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        drain.Begin();
        long begun = time.GetTimestamp();
        TimeSpan deadline = TimeSpan.FromSeconds(options.Value.DrainSeconds);
        LogDraining(sessions.Count, deadline.TotalSeconds);
        while (sessions.Count > 0 && time.GetElapsedTime(begun) < deadline && !cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(Step, time, CancellationToken.None);
        }

        foreach (TargetSession session in sessions.Open)
        {
            sessions.End(session, SessionEndReason.Drained);
        }
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(2010, LogLevel.Information, "Draining: {Sessions} sessions have {Seconds} s to end")]
    private partial void LogDraining(int sessions, double seconds);
}
