using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TunnelAspire.Agent.Status;

namespace TunnelAspire.Agent.Screen;

/// <summary>What has come of a run, said at its end: on the terminal where the live view was, else in the log.</summary>
internal sealed partial class RunSummary(AgentRun run, LiveSessions sessions, AgentMetrics metrics, EventLog events, ILogger<RunSummary> logger) : IHostedService
{
    private const int LastTroubles = 3;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Says it in the log. It is the first to start, and so the last to stop: all sessions have ended.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        LogEnd(Words(sessions.Look(metrics.Retries).Totals));
        return Task.CompletedTask;
    }

    /// <summary>Says it on the terminal, where the live view was, and what has gone wrong last: nobody can scroll back to it.</summary>
    public void Tell()
    {
        if (!run.Live)
        {
            return;
        }

        EventReport[] troubles = [.. events.Recent.Where(happened => happened.Level != nameof(LogLevel.Information))];
        foreach (EventReport trouble in troubles.TakeLast(LastTroubles))
        {
            Console.WriteLine($"{trouble.Time.ToLocalTime():HH:mm:ss}  {trouble.Text}");
        }

        Console.WriteLine($"tunnel: {Words(sessions.Look(metrics.Retries).Totals)}");
    }

    private static string Words(TotalsReport totals) =>
        $"stopped after {Figures.Time(totals.UptimeSeconds)}: {Figures.Count(totals.Opened, "session")}, {totals.Failed} failed; " +
        $"{Figures.Bytes(totals.BytesUp)} up, {Figures.Bytes(totals.BytesDown)} down" +
        (totals.Retries + totals.BytesResent > 0 ? $"; {Figures.Count(totals.Retries, "retried request")}, {Figures.Bytes(totals.BytesResent)} sent again" : "");

    [LoggerMessage(1036, LogLevel.Information, "The agent has {Summary}")]
    private partial void LogEnd(string summary);
}
