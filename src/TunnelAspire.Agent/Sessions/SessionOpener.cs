using System.Buffers.Text;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using TunnelAspire.Agent.Http;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Sessions;

/// <summary>Opens sessions. An open carries a secret key of its own, so that it can be repeated: the same key names the same session.</summary>
public sealed class SessionOpener(TunnelServer server, AgentMetrics metrics, IOptions<AgentOptions> options, TimeProvider time)
{
    private const int KeyBytes = 24;
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(15); // the connector's dialling and a little more

    /// <summary>Opens a session to the target; tries again where that can help, for as long as <see cref="AgentOptions.OpenTimeout"/>.</summary>
    /// <exception cref="TunnelException">It was refused, or could not be opened in time.</exception>
    public async Task<SessionGrant> OpenAsync(TargetAddress target, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        string key = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(KeyBytes));
        RetryClock retry = new(options.Value.OpenTimeout, time, metrics.Retried);
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                SessionGrant grant = await AttemptAsync(target, key, attempt, cancellationToken);
                metrics.Opened(Stopwatch.GetElapsedTime(begun));
                return grant;
            }
            catch (Exception e) when (e is CarrierException or TunnelException)
            {
                await retry.PauseAsync(e, attempt, cancellationToken);
            }
        }
    }

    private async Task<SessionGrant> AttemptAsync(TargetAddress target, string key, long number, CancellationToken cancellationToken)
    {
        using CancellationTokenSource overdue = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        overdue.CancelAfter(Slack);
        using HttpRequestMessage message = server.Request(
            HttpMethod.Post, $"{TunnelPaths.Sessions}?{TunnelPaths.Target}={Uri.EscapeDataString(target.ToString())}&{TunnelPaths.Number}={WireText.Format(number)}");
        message.Headers.TryAddWithoutValidation(TunnelHeaders.OpenKey, key);
        if (Activity.Current is { } trace)
        {
            message.Headers.TryAddWithoutValidation("traceparent", trace.Id);
        }

        message.Content = new RangeContent(default, new MediaTypeHeaderValue(options.Value.MediaType));
        try
        {
            using HttpResponseMessage answer = await TunnelExchange.SendAsync(server, message, number, null, overdue.Token);
            return Read(answer);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            // Not the caller's: the answer is overdue.
            throw new CarrierException(CarrierFault.Lost, "the answer to the open is overdue", e);
        }
    }

    private static SessionGrant Read(HttpResponseMessage answer)
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
}
