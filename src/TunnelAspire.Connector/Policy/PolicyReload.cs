namespace TunnelAspire.Connector.Policy;

/// <summary>Looks at the policy file every two seconds, by content: that finds whatever replaces it, be it a rename, a link or a mounted secret.</summary>
internal sealed partial class PolicyReload(PolicySource source, TimeProvider time, ILogger<PolicyReload> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    private string? _fault; // of the last look
    private string? _told;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!source.HasFile)
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
            if (source.Load())
            {
                LogReloaded(source.Current.Rules.Count);
            }
            else if (_told is not null)
            {
                LogBack();
            }

            _fault = _told = null;
        }
        catch (FormatException e)
        {
            // The first look may fall into the moment in which the file is being written. After that each fault is told once.
            if (e.Message == _fault && e.Message != _told)
            {
                LogRefused(e.Message);
                _told = e.Message;
            }

            _fault = e.Message;
        }
    }

    [LoggerMessage(2100, LogLevel.Information, "New policy: {Rules} rules, for sessions that open from now on")]
    private partial void LogReloaded(int rules);

    [LoggerMessage(2101, LogLevel.Error, "The changed policy cannot be used, the former one still is: {Detail}")]
    private partial void LogRefused(string detail);

    [LoggerMessage(2102, LogLevel.Information, "The policy file is again the one that holds")]
    private partial void LogBack();
}
