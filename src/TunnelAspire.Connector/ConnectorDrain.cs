using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using TunnelAspire.Connector.Sessions;
using TunnelAspire.Http;

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
    : StagedService
{
    private const int MostListed = 8;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan BetweenLists = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public override async Task StoppingAsync(CancellationToken cancellationToken)
    {
        drain.Begin();
        long begun = time.GetTimestamp();
        TimeSpan deadline = TimeSpan.FromSeconds(options.Value.DrainSeconds);
        LogDraining(sessions.Count, deadline.TotalSeconds);
        TimeSpan listed = -BetweenLists;
        while (sessions.Count > 0 && time.GetElapsedTime(begun) is var lasted && lasted < deadline && !cancellationToken.IsCancellationRequested)
        {
            if (lasted - listed >= BetweenLists)
            {
                listed = lasted;
                LogWaiting(sessions.Count, Math.Round((deadline - lasted).TotalSeconds), Describe(sessions.Open));
            }

            await Task.Delay(Step, time, CancellationToken.None);
        }

        if (sessions.Count > 0)
        {
            LogOverdue(sessions.Count, deadline.TotalSeconds, Describe(sessions.Open));
        }

        foreach (TargetSession session in sessions.Open)
        {
            sessions.End(session, SessionEndReason.Drained);
        }

        LogDrained(Math.Round(time.GetElapsedTime(begun).TotalSeconds, 1));
    }

    /// <summary>Who is waited for, by target and caller: how many sessions, and the age of the oldest. The largest groups first, and no more than a few.</summary>
    internal static string Describe(IEnumerable<TargetSession> open)
    {
        List<string> groups = [.. open
            .GroupBy(session => (session.Target, Caller: session.Caller.Name))
            .OrderByDescending(group => group.Count())
            .Select(group => string.Create(
                CultureInfo.InvariantCulture, $"{group.Key.Target} for {group.Key.Caller} x{group.Count()} (oldest {Math.Round(group.Max(session => session.Age).TotalSeconds)} s)"))];
        string more = groups.Count > MostListed ? $", and {groups.Count - MostListed} more groups" : "";
        return string.Join(", ", groups.Take(MostListed)) + more;
    }

    [LoggerMessage(2010, LogLevel.Information, "Draining: {Sessions} sessions have {Seconds} s to end")]
    private partial void LogDraining(int sessions, double seconds);

    [LoggerMessage(2011, LogLevel.Information, "Draining: {Sessions} sessions left, {Seconds} s to the deadline: {Waiting}")]
    private partial void LogWaiting(int sessions, double seconds, string waiting);

    [LoggerMessage(2012, LogLevel.Warning, "Drain: {Sessions} sessions have not ended in {Seconds} s and are reset: {Waiting}")]
    private partial void LogOverdue(int sessions, double seconds, string waiting);

    [LoggerMessage(2013, LogLevel.Information, "Drained after {Seconds} s")]
    private partial void LogDrained(double seconds);
}
