using System.Net.NetworkInformation;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Paths;

/// <summary>Measures the path when the agent starts, again after trouble, and now and then while a direction cannot stream.</summary>
public sealed partial class PathWatch : BackgroundService
{
    /// <summary>Between trouble and the next measurement.</summary>
    public static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(2);

    /// <summary>The pause grows up to this where measuring has not helped.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan GoodTime = TimeSpan.FromMinutes(10);

    private readonly Func<bool, CancellationToken, Task<PathMeasurement>> _measure;
    private readonly PathModes _path;
    private readonly TimeProvider _time;
    private readonly ILogger<PathWatch> _logger;
    private TimeSpan _pause = ShortestPause;
    private long _measured;
    private (ChannelMode, ChannelMode, int)? _told;
    private string? _barred;
    private bool _away;

    /// <summary>Watches the path of <paramref name="path"/>.</summary>
    public PathWatch(PathProbe probe, PathModes path, AgentMetrics metrics, TimeProvider time, ILogger<PathWatch> logger)
        : this(probe.MeasureAsync, path, time, logger)
    {
        metrics.Watch(path);
        if (probe.ExposesToken is { } server)
        {
            LogExposed(server);
        }
    }

    internal PathWatch(Func<bool, CancellationToken, Task<PathMeasurement>> measure, PathModes path, TimeProvider time, ILogger<PathWatch> logger) =>
        (_measure, _path, _time, _logger) = (measure, path, time, logger);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_path.Terms.Send == ChannelMode.Poll)
        {
            return; // one message at a time, to the letter: there is nothing to choose
        }

        NetworkChange.NetworkAddressChanged += OnNetworkChanged;
        try
        {
            await WatchAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // The agent stops.
        }
        finally
        {
            NetworkChange.NetworkAddressChanged -= OnNetworkChanged;
        }
    }

    private async Task WatchAsync(CancellationToken stop)
    {
        bool sizes = true;
        while (true)
        {
            bool done = await MeasureAsync(sizes, stop);
            sizes &= !done;
            PathTrouble trouble = await TroubleAsync(done, stop);
            sizes |= trouble is PathTrouble.TooLarge or PathTrouble.NetworkChanged;
            Reckon(done, trouble);
            if (trouble != PathTrouble.None)
            {
                await Task.Delay(_pause, _time, stop);
                _path.Troubles.TryRead(out _); // what has happened meanwhile is looked into now
            }
        }
    }

    /// <summary>Waits for trouble; not longer than the pause where the path has not been measured, or may stream better later.</summary>
    private async Task<PathTrouble> TroubleAsync(bool done, CancellationToken stop)
    {
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
        bool good = done && _path.Terms is { Send: ChannelMode.Stream, Receive: ChannelMode.Stream };
        using ITimer timer = _time.CreateTimer(
            state => ((CancellationTokenSource)state!).Cancel(), enough, done && (good || !_path.Automatic) ? Timeout.InfiniteTimeSpan : done ? LongestPause : _pause, Timeout.InfiniteTimeSpan);
        try
        {
            return await _path.Troubles.ReadAsync(enough.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return PathTrouble.None; // not the agent's end: time has passed
        }
    }

    /// <summary>A path that streams, and whose failures show at once, is measured again soon: relays may be replaced every few seconds. Else the pause doubles.</summary>
    private void Reckon(bool done, PathTrouble trouble)
    {
        bool calm = _time.GetElapsedTime(_measured) > GoodTime;
        bool soon = trouble is PathTrouble.NetworkChanged || (done && trouble is PathTrouble.Failure or PathTrouble.TooLarge);
        TimeSpan longer = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        _pause = done && (calm || soon || trouble == PathTrouble.None) ? ShortestPause : longer;
    }

    private async Task<bool> MeasureAsync(bool sizes, CancellationToken stop)
    {
        try
        {
            PathMeasurement found = await _measure(sizes, stop);
            _measured = _time.GetTimestamp();
            _away = false;
            _path.Measured(found);
            Tell(found);
            return true;
        }
        catch (Exception e) when (e is CarrierException or TunnelException)
        {
            if (e is TunnelException { Error: TunnelError.Unauthenticated } or CarrierException { Fault: CarrierFault.Barred } && _barred != e.Message)
            {
                LogBarred(_barred = e.Message); // sessions will fare no better
            }
            else if (!_away)
            {
                (_away, _told) = (true, null);
                LogAway(e.Message);
            }

            _path.NotMeasured(e.Message);
            LogNotMeasured(e.Message);
            return false;
        }
    }

    private void Tell(PathMeasurement found)
    {
        PathTerms terms = _path.Terms;
        if (_told != (terms.Send, terms.Receive, terms.LargestBody))
        {
            _told = (terms.Send, terms.Receive, terms.LargestBody);
            string largest = terms.LargestBody == int.MaxValue ? "at least 1 MiB" : $"{terms.LargestBody / 1024} KiB";
            LogMeasured(Word(terms.Send), Word(terms.Receive), Math.Round(found.RoundTrip.TotalMilliseconds, 1), largest, found.Protocol);
        }
    }

    private static string Word(ChannelMode mode) => mode.ToString().ToLowerInvariant();

    private void OnNetworkChanged(object? sender, EventArgs e) => _path.NetworkChanged();

    [LoggerMessage(1020, LogLevel.Information, "Path: send {Send}, receive {Receive}, round trip {RoundTrip} ms, largest body {LargestBody}, {Protocol} at the relay")]
    private partial void LogMeasured(string send, string receive, double roundTrip, string largestBody, string protocol);

    [LoggerMessage(1023, LogLevel.Warning, "The token goes to {Server} without TLS: everybody on the way can read it, and use it")]
    private partial void LogExposed(Uri server);

    [LoggerMessage(1022, LogLevel.Warning, "Sessions cannot be opened: {Detail}")]
    private partial void LogBarred(string detail);

    [LoggerMessage(1024, LogLevel.Warning, "No session can be opened at the moment: {Detail}. It is tried on")]
    private partial void LogAway(string detail);

    [LoggerMessage(1021, LogLevel.Debug, "The path cannot be measured: {Detail}")]
    private partial void LogNotMeasured(string detail);
}
