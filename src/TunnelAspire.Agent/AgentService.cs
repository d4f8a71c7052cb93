using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TunnelAspire.Agent.Forwards;
using TunnelAspire.Agent.Http;
using TunnelAspire.Agent.Paths;
using TunnelAspire.Agent.Sessions;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Sockets;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent;

/// <summary>Listens on every forward; each accepted connection becomes a session.</summary>
public sealed partial class AgentService(
    TunnelServer server, SessionOpener opener, PathModes path, AgentMetrics metrics, IOptions<AgentOptions> options, ILogger<AgentService> logger) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, byte> _sessions = new();
    private readonly List<ForwardListener> _listeners = [];

    /// <summary>Begins to listen on all forwards, and prints a line for each once it takes connections.</summary>
    /// <exception cref="IOException">One of them cannot be listened on.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (string forward in options.Value.Forwards)
        {
            _listeners.Add(new ForwardListener(ForwardSpec.Parse(forward)));
        }

        foreach (ForwardListener listener in _listeners)
        {
            _ = AcceptAsync(listener);
            Console.WriteLine($"forwarding {listener.Listen} to {listener.Target} through {options.Value.ParseServer()}");
        }

        return Task.CompletedTask;
    }

    /// <summary>Takes no more connections, resets those that are open and tells their connectors.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        _listeners.ForEach(listener => listener.Dispose());
        await Task.WhenAll(_sessions.Keys).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    private async Task AcceptAsync(ForwardListener listener)
    {
        try
        {
            while (true)
            {
                Socket client = await listener.AcceptAsync(e => LogCannotAccept(listener.Listen.ToString()!, e.Message), _stop.Token);
                Task session = ServeAsync(client, listener);
                _sessions.TryAdd(session, 0);
                _ = session.ContinueWith(done => _sessions.TryRemove(done, out _), TaskScheduler.Default);
            }
        }
        catch (Exception e) when (_stop.IsCancellationRequested && e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The agent stops.
        }
    }

    private async Task ServeAsync(Socket client, ForwardListener listener)
    {
        await Task.Yield(); // the next connection is accepted meanwhile
        long accepted = Stopwatch.GetTimestamp();
        using Activity? trace = AgentMetrics.Traces.StartActivity("tunnel.connection", ActivityKind.Client);
        trace?.SetTag("tunnel.target", listener.Target.ToString());
        SocketEnd local = new(client);
        Exception? ended;
        try
        {
            ended = await CarryAsync(local, listener, accepted);
        }
        catch (Exception e)
        {
            local.Reset();
            metrics.Sessions.Ended(null, SessionOutcome.Code(e));
            ended = e;
        }

        string code = SessionOutcome.Code(ended);
        trace?.SetTag("tunnel.reason", code);
        Report(local.RemoteEndPoint?.ToString() ?? "", listener, code, ended);
    }

    private async Task<Exception?> CarryAsync(SocketEnd local, ForwardListener listener, long accepted)
    {
        using SendingHalf sending = new(local, SessionLimits.Default.Window);
        ChannelMode mode = path.Terms.Receive;
        OutboundRange first = mode == ChannelMode.Poll ? default : await FirstBytes.TakeAsync(sending, _stop.Token);
        (SessionGrant grant, long ack, ReadAnswer? answer) = await OpenAsync(listener.Target, first, mode);
        sending.Acknowledge(ack);
        Activity.Current?.SetTag("tunnel.session", grant.Id.Prefix).SetTag("tunnel.connector", grant.Connector);
        LogOpened(grant.Id.Prefix, listener.Target.ToString(), grant.Connector, local.RemoteEndPoint?.ToString() ?? "");

        HttpCarrier carrier = new(server, grant, new MediaTypeHeaderValue(options.Value.MediaType), metrics);
        RetryClock retry = new(grant.Limits.Grace, TimeProvider.System, failure => OnRetry(grant, failure));
        using AgentSession session = new(local, sending, new PathCarrier(carrier, path), grant.Limits, () => path.Terms, retry);
        metrics.Sessions.Opened(session, Stopwatch.GetElapsedTime(accepted));
        Exception? ended = await session.RunAsync(first, answer, _stop.Token);
        metrics.Sessions.Ended(session, SessionOutcome.Code(ended));
        LogCarried(grant.Id.Prefix, session.BytesUp, session.BytesDown, session.BytesResent);
        return ended;
    }

    private async Task<OpenedSession> OpenAsync(TargetAddress target, OutboundRange first, ChannelMode mode)
    {
        try
        {
            return await opener.OpenAsync(target, first, mode, _stop.Token);
        }
        catch
        {
            first.Dispose();
            throw;
        }
    }

    private void OnRetry(SessionGrant grant, Exception failure)
    {
        metrics.Retried(failure);
        path.Failed(failure);
        LogRetry(grant.Id.Prefix, failure.Message);
    }

    private void Report(string client, ForwardListener listener, string code, Exception? ended)
    {
        if (ended is null or OperationCanceledException)
        {
            LogEnded(client, listener.Target.ToString(), code);
        }
        else
        {
            LogBroken(client, listener.Target.ToString(), code, ended.Message);
        }
    }

    [LoggerMessage(1000, LogLevel.Debug, "Session {Session} to {Target} opened at {Connector} for {Client}")]
    private partial void LogOpened(string session, string target, string connector, string client);

    [LoggerMessage(1001, LogLevel.Debug, "Session {Session}: {BytesUp} bytes up, {BytesDown} down, {BytesResent} sent again")]
    private partial void LogCarried(string session, long bytesUp, long bytesDown, long bytesResent);

    [LoggerMessage(1002, LogLevel.Debug, "Connection of {Client} to {Target} ended: {Reason}")]
    private partial void LogEnded(string client, string target, string reason);

    [LoggerMessage(1003, LogLevel.Warning, "Connection of {Client} to {Target} reset: {Reason}: {Detail}")]
    private partial void LogBroken(string client, string target, string reason, string detail);

    [LoggerMessage(1004, LogLevel.Debug, "Session {Session} tries again: {Detail}")]
    private partial void LogRetry(string session, string detail);

    [LoggerMessage(1005, LogLevel.Error, "Cannot accept connections on {Listen}: {Detail}")]
    private partial void LogCannotAccept(string listen, string detail);
}
