using System.Reflection;
using TunnelAspire.Agent.Forwards;
using TunnelAspire.Agent.Paths;
using TunnelAspire.Agent.WaysIn;
using TunnelAspire.Protocol.Carriers;

namespace TunnelAspire.Agent.Status;

/// <summary>Reports what the agent does at the moment.</summary>
internal sealed class AgentStatus(AgentService agent, LiveSessions sessions, AgentMetrics metrics, EventLog events, AgentRun run, TimeProvider time)
{
    private static readonly TimeSpan FreshRates = TimeSpan.FromSeconds(3);

    /// <summary>The program's version, without the commit that it was built from.</summary>
    public static string Version { get; } =
        (typeof(AgentStatus).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "").Split('+')[0];

    private readonly DateTimeOffset _started = time.GetUtcNow();

    /// <summary>A report.</summary>
    public StatusReport Report()
    {
        (IReadOnlyList<SessionReport> open, TotalsReport totals) = sessions.Look(metrics.Retries);
        return new StatusReport(
            Version, Environment.ProcessId, _started, run.Settings?.Path, run.ControlSocket, Path(agent.Path),
            [.. agent.Forwards.Open.Select(reception => Forward(reception, closing: false)), .. agent.Forwards.Closing.Select(reception => Forward(reception, closing: true))],
            open, totals, events.Recent);
    }

    /// <summary>A report whose rates are those of the last seconds: where nobody has looked for a while, it takes a moment.</summary>
    public async Task<StatusReport> FreshReportAsync(CancellationToken cancellationToken)
    {
        if (sessions.SinceLook > FreshRates)
        {
            sessions.Look(0);
            await Task.Delay(LiveSessions.ShortestLook * 1.5, time, cancellationToken);
        }

        return Report();
    }

    private static PathReport Path(ServerPath path)
    {
        PathTerms terms = path.Modes.Terms;
        PathMeasurement? found = path.Modes.Found;
        return new PathReport(
            path.Server.Url.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped),
            path.Server.Proxy?.Authority,
            path.Modes.Automatic,
            terms.Send.ToString().ToLowerInvariant(),
            terms.Receive.ToString().ToLowerInvariant(),
            found is null ? null : Math.Round(found.RoundTrip.TotalMilliseconds, 2),
            terms.LargestBody == int.MaxValue ? null : terms.LargestBody,
            terms.Hold == TimeSpan.MaxValue ? null : Math.Round(terms.Hold.TotalSeconds, 1),
            found?.Protocol,
            path.Modes.Problem);
    }

    private static ForwardReport Forward(Reception reception, bool closing)
    {
        ForwardPlan plan = reception.Listener.Plan;
        return new ForwardReport(
            plan.Name, reception.Listen.ToString()!, (plan.Way as DirectWayIn)?.Target.ToString(), closing, reception.Clients, reception.Accepted);
    }
}
