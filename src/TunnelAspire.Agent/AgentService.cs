using System.Diagnostics;
using System.Net.Http.Headers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TunnelAspire.Agent.Forwards;
using TunnelAspire.Agent.Http;
using TunnelAspire.Agent.Paths;
using TunnelAspire.Agent.Sessions;
using TunnelAspire.Agent.WaysIn;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent;

/// <summary>Listens on every forward; each accepted connection becomes a session.</summary>
public sealed partial class AgentService(
    TunnelServer server, SessionOpener opener, PathModes path, AgentMetrics metrics, IOptions<AgentOptions> options, TimeProvider time, ILogger<AgentService> logger)
    : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Reception> _receptions = [];

    /// <summary>Where it listens: the forwards, in order, then the proxy ports.</summary>
    internal IEnumerable<ForwardListener> Listeners => _receptions.Select(reception => reception.Listener);

    /// <summary>Begins to listen on all forwards, and prints a line for each once it takes connections.</summary>
    /// <exception cref="IOException">One of them cannot be listened on.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (ForwardListener listener in ForwardListener.OpenAll(options.Value, time))
        {
            _receptions.Add(new Reception(listener, ServeAsync, metrics, time, logger));
        }

        TextWriter lines = options.Value.Standard.Length > 0 ? Console.Error : Console.Out; // there standard output is for the bytes alone
        foreach (Reception reception in _receptions)
        {
            _ = reception.RunAsync(_stop.Token);
            lines.WriteLine($"{reception.Listener} through {options.Value.ParseServer()}");
        }

        return Task.CompletedTask;
    }

    /// <summary>Takes no more connections, resets those that are open and tells their connectors.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        _receptions.ForEach(reception => reception.Dispose());
        await Task.WhenAll(_receptions.Select(reception => reception.EmptyAsync())).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    /// <summary>Carries a client's connection to the target that it has asked for.</summary>
    /// <returns>What ended it: null after an orderly end of both directions.</returns>
    internal async Task<Exception?> ServeAsync(Client client, CancellationToken stop)
    {
        long accepted = Stopwatch.GetTimestamp();
        string target = client.Request.Target.ToString();
        using Activity? trace = AgentMetrics.Traces.StartActivity("tunnel.connection", ActivityKind.Client);
        trace?.SetTag("tunnel.target", target);
        Exception? ended;
        try
        {
            ended = await CarryAsync(client, accepted, stop);
        }
        catch (Exception e)
        {
            client.End.Reset();
            metrics.Sessions.Ended(null, SessionOutcome.Code(e));
            ended = e;
        }

        string code = SessionOutcome.Code(ended);
        trace?.SetTag("tunnel.reason", code);
        Report(client.Name, target, code, ended);
        return ended;
    }

    private async Task<Exception?> CarryAsync(Client client, long accepted, CancellationToken stop)
    {
        using SendingHalf sending = new(client.End, SessionLimits.Default.Window, metrics.Buffers);
        ChannelMode mode = path.Terms.Receive;
        OutboundRange first = mode == ChannelMode.Poll || client.Waits ? default : await FirstBytes.TakeAsync(sending, stop);
        (SessionGrant grant, long ack, ReadAnswer? answer) = await OpenAsync(client, first, mode, stop);
        sending.Acknowledge(ack);
        Activity.Current?.SetTag("tunnel.session", grant.Id.Prefix).SetTag("tunnel.connector", grant.Connector);
        LogOpened(grant.Id.Prefix, client.Request.Target.ToString(), grant.Connector, client.Name);
        await client.WelcomeAsync();

        HttpCarrier carrier = new(server, grant, new MediaTypeHeaderValue(options.Value.MediaType), metrics);
        RetryClock retry = new(grant.Limits.Grace, TimeProvider.System, failure => OnRetry(grant, failure));
        using AgentSession session = new(client.End, sending, new PathCarrier(carrier, path), grant.Limits, () => path.Terms, retry);
        metrics.Sessions.Opened(session, Stopwatch.GetElapsedTime(accepted));
        Exception? ended = await session.RunAsync(first, answer, stop);
        metrics.Sessions.Ended(session, SessionOutcome.Code(ended));
        LogCarried(grant.Id.Prefix, session.BytesUp, session.BytesDown, session.BytesResent);
        return ended;
    }

    private async Task<OpenedSession> OpenAsync(Client client, OutboundRange first, ChannelMode mode, CancellationToken stop)
    {
        try
        {
            return await opener.OpenAsync(client.Request.Target, first, mode, stop);
        }
        catch (Exception e)
        {
            first.Dispose();
            await client.RefuseAsync(e);
            throw;
        }
    }

    private void OnRetry(SessionGrant grant, Exception failure)
    {
        metrics.Retried(failure);
        path.Failed(failure);
        LogRetry(grant.Id.Prefix, failure.Message);
    }

    private void Report(string client, string target, string code, Exception? ended)
    {
        if (ended is null or OperationCanceledException)
        {
            LogEnded(client, target, code);
        }
        else
        {
            LogBroken(client, target, code, ended.Message);
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
}
