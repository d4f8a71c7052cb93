using System.Globalization;
using System.Diagnostics;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TunnelAspire.Agent.Http;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Sessions;

/// <summary>Opens sessions. An open carries a secret key of its own, so that it can be repeated: the same key names the same session.</summary>
public sealed partial class SessionOpener(
    TunnelServer server, AgentMetrics metrics, IOptions<AgentOptions> options, TimeProvider time, ILogger<SessionOpener> logger)
{
    private const int FirstHold = 5; // ms: the target's first bytes often come at once; the client's next ones must not wait for them long
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(15); // the connector's dialling and a little more

    /// <summary>Opens a session to the target; tries again where that can help, for as long as <see cref="AgentOptions.OpenTimeout"/>.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="bytes">The client's first bytes, which the open brings; they stay the caller's. May be empty.</param>
    /// <param name="mode">The receive channel's. Except in <see cref="ChannelMode.Poll"/> the answer may bring the target's first bytes, and in <see cref="ChannelMode.Stream"/> stay open for more.</param>
    /// <param name="cancellationToken">Ends the attempts.</param>
    /// <exception cref="TunnelException">It was refused, or could not be opened in time.</exception>
    /// <exception cref="CarrierException">The path lets nothing pass, and trying again would not help (<see cref="CarrierFault.Barred"/>).</exception>
    public async Task<OpenedSession> OpenAsync(TargetAddress target, OutboundRange bytes, ChannelMode mode, CancellationToken cancellationToken)
    {
        string query = string.Create(CultureInfo.InvariantCulture, $"{TunnelPaths.Sessions}?{TunnelPaths.Target}={Uri.EscapeDataString(target.ToString())}");
        if (bytes.Fin is { } fin)
        {
            query += string.Create(CultureInfo.InvariantCulture, $"&{TunnelPaths.Fin}={fin}");
        }

        string stream = mode == ChannelMode.Stream ? string.Create(CultureInfo.InvariantCulture, $"&{TunnelPaths.Stream}=1&{TunnelPaths.Max}={ChannelSettings.BriefBytes}") : "";
        string first = mode == ChannelMode.Poll ? "" : string.Create(CultureInfo.InvariantCulture, $"&{TunnelPaths.First}=1&{TunnelPaths.Hold}={FirstHold}{stream}");
        bool brief = mode == ChannelMode.Stream;

        string key = OpenKey.New();
        RetryClock retry = new(options.Value.OpenTimeout, time, failure => OnRetry(target, failure));
        RetryClock.Failures failures = new();
        while (true)
        {
            try
            {
                // Only the first attempt asks for the target's bytes: where its answer is lost, the receive channel finds them.
                return await AttemptAsync(query + (failures.Count == 0 ? first : ""), key, bytes, brief && failures.Count == 0, cancellationToken);
            }
            catch (Exception e) when (e is TunnelException or CarrierException { Fault: not CarrierFault.Barred })
            {
                await retry.PauseAsync(e, failures, cancellationToken);
            }
        }
    }

    private async Task<OpenedSession> AttemptAsync(string query, string key, OutboundRange bytes, bool brief, CancellationToken cancellationToken)
    {
        long number = Random.Shared.NextInt64();
        using Deadline overdue = new(cancellationToken);
        overdue.After(Slack);
        using HttpRequestMessage message = server.Request(HttpMethod.Post, $"{query}&{TunnelPaths.Number}={WireText.Format(number)}", brief);
        message.Headers.TryAddWithoutValidation(TunnelHeaders.OpenKey, key);
        server.Caller.Authorize(message);
        if (Activity.Current is { } trace)
        {
            message.Headers.TryAddWithoutValidation("traceparent", trace.Id);
        }

        RangeContent content = new(bytes.Bytes, null, new MediaTypeHeaderValue(options.Value.MediaType));
        message.Content = content;
        try
        {
            HttpResponseMessage answer = await TunnelExchange.SendAsync(server, message, number, null, overdue.Token);
            return await ReadAsync(answer, overdue.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            // Not the caller's: the answer is overdue.
            throw new CarrierException(CarrierFault.Lost, "the answer to the open is overdue", e);
        }
        finally
        {
            await content.EndedAsync();
        }
    }

    private void OnRetry(TargetAddress target, Exception failure)
    {
        metrics.Retried(failure);
        LogRetry(target, failure.Message);
    }

    private static async Task<OpenedSession> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            SessionGrant grant = Grant(answer);
            long ack = TunnelExchange.Offset(answer, TunnelHeaders.Ack);
            if (TunnelExchange.OptionalOffset(answer, TunnelHeaders.Offset) is not null)
            {
                return new OpenedSession(grant, ack, await HttpCarrier.AnswerAsync(answer, cancellationToken));
            }

            answer.Dispose();
            return new OpenedSession(grant, ack, null);
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    private static SessionGrant Grant(HttpResponseMessage answer)
    {
        if (!SessionId.TryParse(TunnelExchange.Header(answer, TunnelHeaders.Session), out SessionId id) || TunnelExchange.Header(answer, TunnelHeaders.Token) is not { } token)
        {
            throw new CarrierException(CarrierFault.Foreign, "the answer to the open names no session");
        }

        SessionLimits limits = new(
            (int)Math.Clamp(TunnelExchange.Offset(answer, TunnelHeaders.Window), 1, int.MaxValue),
            (int)Math.Clamp(TunnelExchange.Offset(answer, TunnelHeaders.MaxBody), 1, int.MaxValue),
            Milliseconds(answer, TunnelHeaders.Hold),
            Milliseconds(answer, TunnelHeaders.Grace));
        return new SessionGrant(id, token, limits, TunnelExchange.Header(answer, TunnelHeaders.Connector) ?? "");
    }

    private static TimeSpan Milliseconds(HttpResponseMessage answer, string header) =>
        TimeSpan.FromMilliseconds(Math.Clamp(TunnelExchange.Offset(answer, header), 1, (long)TimeSpan.FromDays(1).TotalMilliseconds));

    [LoggerMessage(1010, LogLevel.Debug, "Opening a session to {Target} is tried again: {Detail}")]
    private partial void LogRetry(TargetAddress target, string detail);
}
