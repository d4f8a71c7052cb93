using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace TunnelAspire.Agent.WaysIn;

/// <summary>Carries standard input and output through one session, and stops the agent when both directions have ended.</summary>
internal sealed class StandardService(AgentService agent, AgentRun run, IHostApplicationLifetime lifetime, IOptions<AgentOptions> options, TimeProvider time)
    : BackgroundService
{
    private static readonly TimeSpan AfterHangup = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    /// <summary>What has broken the session; null after an orderly end.</summary>
    public Exception? Failure { get; private set; }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.Standard.Length == 0)
        {
            return;
        }

        using CancellationTokenSource hangup = new(Timeout.InfiniteTimeSpan, time);
        using CancellationTokenRegistration stop = hangup.Token.Register(lifetime.StopApplication);
        using PosixSignalRegistration signal = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => OnHangup(context, hangup));
        using ITimer silence = time.CreateTimer(_ => TellProblem(), null, Silence, Timeout.InfiniteTimeSpan);
        using StandardStreams streams = StandardStreams.Open();
        Exception? ended = await agent.ServeAsync(new Client(streams, new Arrival(options.Value.ParseStandard()), "standard input"), stoppingToken);
        Failure = ended is OperationCanceledException ? null : ended; // a stop that was asked for is no failure
        lifetime.StopApplication();
    }

    /// <summary>Whoever waits before a silent terminal is told why, while it is still tried.</summary>
    private void TellProblem()
    {
        if (agent.Path.Modes.Problem is { } problem)
        {
            run.Lines.WriteLine($"tunnel: {problem}; trying on");
        }
    }

    /// <summary>ssh hangs up on its proxy command as soon as it is done: what it has written last, and the end of it, may still be under way.</summary>
    private static void OnHangup(PosixSignalContext context, CancellationTokenSource hangup)
    {
        context.Cancel = true;
        hangup.CancelAfter(AfterHangup);
    }
}
