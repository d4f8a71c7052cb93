using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using TunnelAspire.Http1;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Routing;

namespace TunnelAspire.Relay;

/// <summary>Sends requests to connectors, and says what it means where one does not answer.</summary>
public sealed partial class ConnectorClient(IOptions<RelayOptions> options, IRoutingStore store, RelayDrain drain, ILogger<ConnectorClient> logger) : IDisposable
{
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Restoring = TimeSpan.FromSeconds(5); // a few heartbeats

    private readonly HttpMessageInvoker _plain = new(new Http1Handler(options.Value.ConnectTimeout, IdleTimeout, Lanes));
    private readonly HttpMessageInvoker _secure = new(new SocketsHttpHandler
    {
        ConnectTimeout = options.Value.ConnectTimeout,
        PooledConnectionIdleTimeout = IdleTimeout,
        ActivityHeadersPropagator = null, // the agent's trace context is copied as it came
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
    });

    private readonly ConcurrentDictionary<ConnectorAddress, bool> _distrustful = new(); // told once

    /// <inheritdoc/>
    public void Dispose()
    {
        _plain.Dispose();
        _secure.Dispose();
    }

    /// <summary>Sends a request to a connector; returns its answer's head, for the caller to dispose.</summary>
    /// <exception cref="TunnelException">
    /// <see cref="TunnelError.ConnectorUnreachable"/>: nobody answered. <see cref="TunnelError.SessionGone"/>: and nobody will, since the connector is gone.
    /// <see cref="TunnelError.Draining"/>: the relay stops.
    /// </exception>
    /// <exception cref="BadHttpRequestException">The request's body is broken.</exception>
    internal async Task<HttpResponseMessage> SendAsync(Http1Request request, ConnectorAddress connector, CancellationToken cancellationToken)
    {
        HttpResponseMessage? response = null;
        RelayedBody? body = (RelayedBody?)request.Content;
        try
        {
            response = await Client(request).SendAsync(request, cancellationToken);
            if (response.Headers.Contains(TunnelHeaders.Version))
            {
                RequireTrust(response, connector);
                return response;
            }

            throw new HttpRequestException($"somebody else answered in its place, with {(int)response.StatusCode}");
        }
        catch (Exception) when (body?.SourceFailure is not (null or OperationCanceledException))
        {
            throw body.SourceFailure;
        }
        catch (OperationCanceledException e) when (drain.LetGo.IsCancellationRequested && cancellationToken.IsCancellationRequested)
        {
            // The client's cancellation, or the relay's stop: whoever still listens is told.
            await (body?.StopAsync() ?? Task.CompletedTask);
            throw new TunnelException(TunnelError.Draining, $"relay {options.Value.Name} stops", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // A cancellation that is not the client's is the connect timeout.
            response?.Dispose();
            await (body?.StopAsync() ?? Task.CompletedTask);
            throw new TunnelException(
                await IsGoneAsync(connector, cancellationToken) ? TunnelError.SessionGone : TunnelError.ConnectorUnreachable,
                $"connector {connector.Name}: {e.Message}", e);
        }
    }

    private HttpMessageInvoker Client(Http1Request request)
    {
        if (request.Server.Scheme == Uri.UriSchemeHttp)
        {
            return _plain;
        }

        request.RequestUri = new Uri(request.Server, request.Target);
        return _secure;
    }

    private static Http1Request Lanes(Uri connector)
    {
        Http1Request request = new(HttpMethod.Post, connector, TunnelPaths.Lanes) { IsTwoWay = true };
        request.Headers.TryAddWithoutValidation("Accept", TunnelMediaTypes.BinaryTcp);
        return request;
    }

    /// <summary>What is wrong between relay and connector is no answer to the agent.</summary>
    private void RequireTrust(HttpResponseMessage response, ConnectorAddress connector)
    {
        if (response.StatusCode != HttpStatusCode.Forbidden || !response.Headers.TryGetValues(TunnelHeaders.Error, out IEnumerable<string>? codes) ||
            codes.First() != TunnelError.UntrustedRelay.Code())
        {
            return;
        }

        if (_distrustful.TryAdd(connector, true))
        {
            LogDistrusted(connector.Name, connector.Url);
        }

        throw new HttpRequestException("it does not take this relay for one of its cluster");
    }

    /// <summary>
    /// A connector that cannot be reached, and whose run has ended as far as the store knows, is dead: its sessions are too. A store
    /// that has never heard of it may have been emptied: it is asked again when a living connector would be back in it.
    /// </summary>
    private async Task<bool> IsGoneAsync(ConnectorAddress connector, CancellationToken cancellationToken)
    {
        try
        {
            RunState state = await store.FindRunAsync(connector, cancellationToken);
            if (state == RunState.Unknown)
            {
                await Task.Delay(Restoring, cancellationToken);
                state = await store.FindRunAsync(connector, cancellationToken);
            }

            return state != RunState.Lives;
        }
        catch (RoutingUnavailableException)
        {
            return false; // nobody knows
        }
    }

    [LoggerMessage(2930, LogLevel.Warning, "Connector {Connector} at {Url} does not take this relay for one of its cluster: give both the same cluster key")]
    private partial void LogDistrusted(string connector, Uri url);
}
