using System.Buffers.Text;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TunnelAspire.Agent.Http;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Sessions;

/// <summary>Opens sessions. An open carries a secret key of its own, so that it can be repeated: the same key names the same session.</summary>
public sealed partial class SessionOpener(
    TunnelServer server, AgentMetrics metrics, IOptions<AgentOptions> options, TimeProvider time, ILogger<SessionOpener> logger)
{
    private const int KeyBytes = 24;
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(15); // the connector's dialling and a little more

    /// <summary>Opens a session to the target; tries again where that can help, for as long as <see cref="AgentOptions.OpenTimeout"/>.</summary>
    /// <exception cref="TunnelException">It was refused, or could not be opened in time.</exception>
    public async Task<SessionGrant> OpenAsync(TargetAddress target, CancellationToken cancellationToken)
    {
        string key = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(KeyBytes));
        RetryClock retry = new(options.Value.OpenTimeout, time, failure => OnRetry(target, failure));
        RetryClock.Failures failures = new();
        while (true)
        {
            try
            {
                return await AttemptAsync(target, key, cancellationToken);
            }
            catch (Exception e) when (e is CarrierException or TunnelException)
            {
                await retry.PauseAsync(e, failures, cancellationToken);
            }
        }
    }

    private async Task<SessionGrant> AttemptAsync(TargetAddress target, string key, CancellationToken cancellationToken)
    {
        long number = Random.Shared.NextInt64();
        using CancellationTokenSource overdue = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        overdue.CancelAfter(Slack);
        using HttpRequestMessage message = server.Request(
            HttpMethod.Post, $"{TunnelPaths.Sessions}?{TunnelPaths.Target}={Uri.EscapeDataString(target.ToString())}&{TunnelPaths.Number}={WireText.Format(number)}");
        message.Headers.TryAddWithoutValidation(TunnelHeaders.OpenKey, key);
        if (Activity.Current is { } trace)
        {
            message.Headers.TryAddWithoutValidation("traceparent", trace.Id);
        }

        message.Content = new RangeContent(default, null, new MediaTypeHeaderValue(options.Value.MediaType));
        try
        {
            using HttpResponseMessage answer = await TunnelExchange.SendAsync(server, message, number, null, overdue.Token);
            return Read(answer, SessionId.FromOpenKey(key));
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            // Not the caller's: the answer is overdue.
            throw new CarrierException(CarrierFault.Lost, "the answer to the open is overdue", e);
        }
    }

    private void OnRetry(TargetAddress target, Exception failure)
    {
        metrics.Retried(failure);
        LogRetry(target, failure.Message);
    }

    private static SessionGrant Read(HttpResponseMessage answer, SessionId id)
    {
        if (TunnelExchange.Header(answer, TunnelHeaders.Session) != id.ToString() || TunnelExchange.Header(answer, TunnelHeaders.Token) is not { } token)
        {
            throw new CarrierException(CarrierFault.Foreign, "the answer to the open names another session, or none");
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
