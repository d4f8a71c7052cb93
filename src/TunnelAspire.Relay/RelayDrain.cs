using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using TunnelAspire.Http;

namespace TunnelAspire.Relay;

/// <summary>
/// What happens between the request to stop and the end. First readiness is false, and everything is served on, while whoever
/// sends requests here notices; HTTP/1.1 answers close their connections, HTTP/2 ones say that no more requests are taken, so that
/// the next ones take the way that is shown then. After that requests that wait are let go, and the server stops listening.
/// </summary>
public sealed class RelayDrain : IHealthCheck, IDisposable
{
    private readonly CancellationTokenSource _letGo = new();
    private volatile bool _draining;

    /// <summary>Whether the relay has been told to stop.</summary>
    public bool Draining => _draining;

    /// <summary>Cancelled when requests that wait are to be let go: their repeats take another relay.</summary>
    public CancellationToken LetGo => _letGo.Token;

    /// <summary>The relay has been told to stop.</summary>
    public void Begin() => _draining = true;

    /// <summary>The server is about to stop listening.</summary>
    public void End() => _letGo.Cancel();

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Draining ? HealthCheckResult.Unhealthy("draining") : HealthCheckResult.Healthy());

    /// <inheritdoc/>
    public void Dispose() => _letGo.Dispose();
}

/// <summary>Runs the drain when the host is told to stop, before the server stops listening.</summary>
public sealed partial class RelayDrainService(RelayDrain drain, IOptions<RelayOptions> options, TimeProvider time, ILogger<RelayDrainService> logger)
    : StagedService
{
    /// <summary>Longest time from the end of <see cref="RelayOptions.StopDelay"/> to the process's end, whatever clients do.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public override async Task StoppingAsync(CancellationToken cancellationToken)
    {
        drain.Begin();
        TimeSpan delay = options.Value.StopDelay;
        if (delay > TimeSpan.Zero)
        {
            LogDraining(options.Value.Name, delay.TotalSeconds);
            await Task.Delay(delay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        drain.End();
    }

    [LoggerMessage(3010, LogLevel.Information, "Draining: relay {Relay} is not ready any more, and serves for another {Seconds} s")]
    private partial void LogDraining(string relay, double seconds);
}
