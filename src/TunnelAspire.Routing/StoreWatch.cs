using Microsoft.Extensions.Hosting;

namespace TunnelAspire.Routing;

/// <summary>
/// Asks Redis every second whether it is there, and four times a second while it is not: so every process knows whether it has been
/// there all the time, and nobody waits for a Redis that is known to be away.
/// </summary>
internal sealed class StoreWatch(RedisRoutingStore store) : BackgroundService
{
    private static readonly TimeSpan WhileThere = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WhileAway = TimeSpan.FromMilliseconds(250);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        store.Begin();
        try
        {
            while (true)
            {
                await LookAsync(stoppingToken);
                await WaitAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops, or could not start.
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await store.PingAsync(cancellationToken);
        }
        catch (RoutingUnavailableException)
        {
            // Whoever needs it says so.
        }
    }

    /// <summary>Until the next look: a command of somebody else's that fails meanwhile brings it nearer.</summary>
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        for (TimeSpan waited = TimeSpan.Zero; waited < (store.Away ? WhileAway : WhileThere); waited += WhileAway)
        {
            await Task.Delay(WhileAway, cancellationToken);
        }
    }
}
