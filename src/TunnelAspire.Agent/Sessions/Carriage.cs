using System.Diagnostics;
using Microsoft.Extensions.Logging;
using TunnelAspire.Agent.Http;
using TunnelAspire.Agent.Paths;
using TunnelAspire.Agent.Status;
using TunnelAspire.Agent.WaysIn;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Sessions;

/// <summary>Carries clients: opens a session for each, and sees it to its end.</summary>
/// <param name="takePath">The way to the relays that a new session takes. It is given back after the session.</param>
/// <param name="metrics">Counts sessions.</param>
/// <param name="live">Shows those that are open.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where their ends go.</param>
internal sealed partial class Carriage(Func<ServerPath> takePath, AgentMetrics metrics, LiveSessions live, TimeProvider time, ILogger logger)
{
    /// <summary>Carries a client's connection to the target that it has asked for.</summary>
    /// <returns>What ended it: null after an orderly end of both directions.</returns>
    public async Task<Exception?> ServeAsync(Client client, CancellationToken stop)
    {
        long accepted = Stopwatch.GetTimestamp();
        string target = client.Request.Target.ToString();
        using Activity? trace = AgentMetrics.Traces.StartActivity("tunnel.connection", ActivityKind.Client);
        trace?.SetTag("tunnel.target", target);
        ServerPath path = takePath();
        Exception? ended;
        try
        {
            ended = await CarryAsync(client, target, path, accepted, stop);
        }
        catch (Exception e)
        {
            client.End.Reset();
            metrics.Sessions.Ended(null, SessionOutcome.Code(e));
            ended = e;
        }
        finally
        {
            await path.ReleaseAsync();
        }

        string code = SessionOutcome.Code(ended);
        trace?.SetTag("tunnel.reason", code);
        Report(client.Name, target, code, ended);
        return ended;
    }

    private async Task<Exception?> CarryAsync(Client client, string target, ServerPath path, long accepted, CancellationToken stop)
    {
        using SendingHalf sending = new(client.End, SessionLimits.Default.Window, metrics.Buffers);
        ChannelMode mode = path.Modes.Terms.Receive;
        FirstBytes first = mode == ChannelMode.Poll || client.Waits ? FirstBytes.NotAsked : await FirstBytes.TakeAsync(sending, stop);
        (SessionGrant grant, long ack, ReadAnswer? answer) = await OpenAsync(client, path, first, mode, stop);
        sending.Acknowledge(ack);
        Activity.Current?.SetTag("tunnel.session", grant.Id.Prefix).SetTag("tunnel.connector", grant.Connector);
        LogOpened(grant.Id.Prefix, target, grant.Connector, client.Name);
        await client.WelcomeAsync();

        HttpCarrier carrier = new(path.Server, grant, path.MediaType, metrics);
        RetryClock retry = new(grant.Limits.Grace, TimeProvider.System, failure => OnRetry(path, grant, failure));
        using AgentSession session = new(client.End, sending, new PathCarrier(carrier, path.Modes), grant.Limits, () => path.Modes.Terms, retry);
        LiveSession shown = Shown(client, target, grant, session);
        metrics.Sessions.Opened(session, Stopwatch.GetElapsedTime(accepted));
        live.Opened(shown);
        Exception? ended = await session.RunAsync(first, answer, stop);
        live.Ended(shown);
        metrics.Sessions.Ended(session, SessionOutcome.Code(ended));
        LogCarried(grant.Id.Prefix, session.BytesUp, session.BytesDown, session.BytesResent);
        return ended;
    }

    private static async Task<OpenedSession> OpenAsync(Client client, ServerPath path, FirstBytes first, ChannelMode mode, CancellationToken stop)
    {
        try
        {
            return await path.Opener.OpenAsync(client.Request.Target, first.Brought, mode, stop);
        }
        catch (Exception e)
        {
            first.Drop();
            await client.RefuseAsync(e);
            throw;
        }
    }

    private LiveSession Shown(Client client, string target, SessionGrant grant, AgentSession session) => new(session, time.GetTimestamp())
    {
        Id = grant.Id.Prefix,
        Client = client.Name,
        Target = target,
        Connector = grant.Connector,
        Forward = client.Forward?.Name ?? "",
    };

    private void OnRetry(ServerPath path, SessionGrant grant, Exception failure)
    {
        metrics.Retried(failure);
        path.Modes.Failed(failure);
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
            live.Failed();
            LogBroken(client, target, code, ended.Message);
        }
    }
}
