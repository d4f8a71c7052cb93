using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace TunnelAspire.Http.Tls;

/// <summary>
/// Looks at the files every two seconds, by content: that finds whatever replaces them, be it a rename, a link or a mounted secret,
/// which watchers of folders do not all see.
/// </summary>
internal sealed partial class TlsReload(TlsIdentity identity, IOptions<TlsOptions> options, TimeProvider time, ILogger<TlsReload> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    private int _failures; // in a row

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.IsSet)
        {
            return;
        }

        using PeriodicTimer timer = new(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                Look();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private void Look()
    {
        try
        {
            if (identity.Load())
            {
                LogReloaded(identity.Certificate.Subject, identity.Certificate.NotAfter.ToUniversalTime());
            }

            _failures = 0;
        }
        catch (FormatException e)
        {
            // The first time may be the moment between the one file's change and the other's. After that it is told once.
            if (++_failures == 2)
            {
                LogRefused(e.Message);
            }
        }
    }

    [LoggerMessage(2910, LogLevel.Information, "New certificate: {Subject}, valid until {NotAfter:u}. Connections that stand keep the former one")]
    private partial void LogReloaded(string subject, DateTime notAfter);

    [LoggerMessage(2911, LogLevel.Error, "The changed certificate cannot be used, the former one still is: {Detail}")]
    private partial void LogRefused(string detail);
}
