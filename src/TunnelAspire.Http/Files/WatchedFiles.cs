using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace TunnelAspire.Http.Files;

/// <summary>The files of settings that are read again when they change. One that is broken is told, and changes nothing.</summary>
public sealed partial class WatchedFiles(TimeProvider time, ILogger<WatchedFiles> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<IWatchedFile, int> _failures = new(); // of each, in a row

    /// <summary>Reads a file, and goes on looking at it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="parse">Makes something of its text; throws <see cref="FormatException"/> where it cannot.</param>
    /// <exception cref="FormatException">It cannot be read, or used; the message names it.</exception>
    public WatchedFile<T> Watch<T>(string path, Func<string, T> parse)
        where T : class
    {
        WatchedFile<T> file = new(path, parse);
        _failures[file] = 0;
        return file;
    }

    /// <summary>Looks at all of them now.</summary>
    public void Look()
    {
        foreach (IWatchedFile file in _failures.Keys)
        {
            Look(file);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
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

    private void Look(IWatchedFile file)
    {
        try
        {
            if (file.Load())
            {
                LogReloaded(file.Path);
            }

            _failures[file] = 0;
        }
        catch (FormatException e)
        {
            // The first time may be the moment in which it is being written. After that it is told once.
            if (++_failures[file] == 2)
            {
                LogRefused(e.Message);
            }
        }
    }

    [LoggerMessage(2912, LogLevel.Information, "The file '{Path}' has changed, and is in force")]
    private partial void LogReloaded(string path);

    [LoggerMessage(2913, LogLevel.Error, "What has changed is not in force, what was before still is: {Detail}")]
    private partial void LogRefused(string detail);
}

/// <summary>Puts the watch into a host.</summary>
public static class WatchedFilesServices
{
    /// <summary>Registers <see cref="WatchedFiles"/>, once.</summary>
    public static IServiceCollection AddWatchedFiles(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<WatchedFiles>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, WatchedFiles>(provider => provider.GetRequiredService<WatchedFiles>()));
        return services;
    }
}
