using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Options;
using TunnelAspire.Http;
using TunnelAspire.Http.Direct;
using TunnelAspire.Http.Identity;
using TunnelAspire.Http1;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Routing;

namespace TunnelAspire.Relay;

/// <summary>Hands one request on to a connector and its answer back, as both arrive; over to a connector in this process.</summary>
public sealed class Forwarder
{
    private static readonly string[] RequestHeaders = [TunnelHeaders.Token, TunnelHeaders.OpenKey, "Accept", "traceparent", "tracestate"];

    private static readonly TimeSpan SendPatience = TimeSpan.FromSeconds(2);

    private readonly ConnectorClient _connectors;
    private readonly RelayOptions _options;
    private readonly LocalConnector? _local;
    private readonly RelayProofs _proofs;
    private readonly AgentAddress _agents;
    private readonly RelayDrain _drain;
    private readonly CancellationToken _stopping;

    /// <summary>A forwarder.</summary>
    public Forwarder(IOptions<RelayOptions> options, ConnectorClient connectors, RelayDrain drain, RelayProofs proofs, LocalConnector? local = null)
    {
        (_options, _connectors, _proofs, _local, _drain, _stopping) = (options.Value, connectors, proofs, local, drain, drain.LetGo);
        _agents = new AgentAddress(options.Value.TrustedProxies);
    }

    /// <summary>Forwards the request; returns the status that the connector answered with.</summary>
    /// <exception cref="TunnelException">
    /// <see cref="TunnelError.ConnectorUnreachable"/>: nobody answered. <see cref="TunnelError.SessionGone"/>: and nobody will, since the connector is gone.
    /// <see cref="TunnelError.Draining"/>: the relay stops, and the request was parked.
    /// </exception>
    /// <exception cref="BadHttpRequestException">The request's body is broken.</exception>
    public Task<int> ForwardAsync(HttpContext context, SessionId session, ConnectorAddress connector) =>
        _local is not null && _local.Address() == connector ? HandOverAsync(_local, context, session) : SendOnAsync(context, session, connector);

    private async Task<int> HandOverAsync(LocalConnector local, HttpContext context, SessionId session)
    {
        CallerHeaders.Clear(context); // nobody outside speaks for the relay; who the caller is, the connector finds where the relay established it
        context.Request.Headers[TunnelHeaders.Session] = session.ToString();
        context.Request.Headers[TunnelHeaders.Relay] = _options.Name;
        context.Request.Headers[TunnelHeaders.Agent] = Agent(context);
        context.Response.Headers[TunnelHeaders.Relay] = _options.Name;
        await local.Handle(context);
        return context.Response.StatusCode;
    }

    private async Task<int> SendOnAsync(HttpContext context, SessionId session, ConnectorAddress connector)
    {
        TunnelRequests.LiftServerLimits(context);
        if (_drain.Draining)
        {
            SendElsewhere(context);
        }

        using Http1Request request = Request(context, session, connector);
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);

        // A receive may be parked for long, and a send may wait for bytes that another relay has to bring: whoever stops lets them
        // go, a send after a moment in which it mostly ends by itself, and their repeats take another relay.
        TimeSpan patience = HttpMethods.IsGet(context.Request.Method) ? TimeSpan.Zero : SendPatience;
        using CancellationTokenRegistration stop = _stopping.Register(() => over.CancelAfter(patience));
        HttpResponseMessage response = await _connectors.SendAsync(request, connector, over.Token);
        try
        {
            await stop.DisposeAsync();
            return await AnswerAsync(context, response, connector, over);
        }
        finally
        {
            response.Dispose();
            await (((RelayedBody?)request.Content)?.StopAsync() ?? Task.CompletedTask); // refused before it had been read
        }
    }

    private async Task<int> AnswerAsync(HttpContext context, HttpResponseMessage response, ConnectorAddress connector, CancellationTokenSource over)
    {
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            throw new TunnelException(TunnelError.SessionUnknown, "no such session"); // the same answer as where there is no route
        }

        CopyHead(response, context.Response);

        // An answer that is under way has a moment to end: its client may have gone without a word.
        using CancellationTokenRegistration end = _stopping.Register(() => over.CancelAfter(SendPatience));
        try
        {
            await CopyBodyAsync(response, context.Response, over.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            // The connector's side broke, not the client's: told where nothing has been sent yet, else the answer is cut off.
            throw new TunnelException(TunnelError.ConnectorUnreachable, $"the answer of connector {connector.Name} broke off: {e.Message}", e);
        }
        catch (OperationCanceledException e) when (!context.RequestAborted.IsCancellationRequested)
        {
            // The relay stops. The client's cancellation passes on.
            throw new TunnelException(TunnelError.Draining, $"relay {_options.Name} stops", e);
        }

        return (int)response.StatusCode;
    }

    /// <summary>The relay is not ready any more: the next request is to take a new connection, which leads to one that is. The requests under way go on.</summary>
    private static void SendElsewhere(HttpContext context)
    {
        if (context.Features.Get<IDirectFeature>() is { } direct)
        {
            direct.TakeNoMore();
        }
        else if (HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
        }
        else
        {
            context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        }
    }

    /// <summary>The agent's address, at an open: then only it is of interest.</summary>
    private string? Agent(HttpContext context) => context.Request.RouteValues.ContainsKey("id") ? null : _agents.Of(context)?.ToString();

    private Http1Request Request(HttpContext context, SessionId session, ConnectorAddress connector)
    {
        HttpRequest incoming = context.Request;
        Http1Request request = new(HttpMethod.Parse(incoming.Method), connector.Url, UriHelper.BuildRelative(path: incoming.Path, query: incoming.QueryString))
        {
            MayShare = context.Features.Get<IDirectFeature>()?.IsLane == true,
        };
        foreach (string name in RequestHeaders)
        {
            if (incoming.Headers.TryGetValue(name, out var value))
            {
                request.Headers.TryAddWithoutValidation(name, (string?)value);
            }
        }

        if (context.Features.Get<Caller>() is { } caller)
        {
            CallerHeaders.Write(caller, request.Headers); // at an open
        }

        if (_proofs.For(connector) is { } proof)
        {
            request.Headers.TryAddWithoutValidation(TunnelHeaders.Proof, proof);
        }

        request.Headers.TryAddWithoutValidation(TunnelHeaders.Session, session.ToString());
        request.Headers.TryAddWithoutValidation(TunnelHeaders.Epoch, WireText.Format(connector.Epoch));
        request.Headers.TryAddWithoutValidation(TunnelHeaders.Relay, _options.Name);
        if (Agent(context) is { } agent)
        {
            request.Headers.TryAddWithoutValidation(TunnelHeaders.Agent, agent);
        }

        if (HttpMethods.IsPost(incoming.Method))
        {
            bool chunked = incoming.ContentLength is null && context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true;
            request.Content = new RelayedBody(incoming.BodyReader, chunked ? null : incoming.ContentLength ?? 0);
            if (MediaTypeHeaderValue.TryParse(incoming.ContentType, out MediaTypeHeaderValue? mediaType))
            {
                request.Content.Headers.ContentType = mediaType;
            }
        }

        return request;
    }

    private void CopyHead(HttpResponseMessage from, HttpResponse to)
    {
        to.StatusCode = (int)from.StatusCode;
        foreach ((string name, IEnumerable<string> values) in from.Headers)
        {
            if (name.StartsWith("Tunnel-", StringComparison.OrdinalIgnoreCase) || name is "Location" or "Retry-After" or "Cache-Control" or "X-Accel-Buffering")
            {
                to.Headers[name] = values.ToArray();
            }
        }

        to.Headers[TunnelHeaders.Relay] = _options.Name;
        to.ContentType = from.Content.Headers.ContentType?.ToString();
        to.ContentLength = to.StatusCode == StatusCodes.Status204NoContent ? null : from.Content.Headers.ContentLength;
    }

    private static async Task CopyBodyAsync(HttpResponseMessage from, HttpResponse to, CancellationToken cancellationToken)
    {
        if (from.Content.Headers.ContentLength == 0 || to.StatusCode == StatusCodes.Status204NoContent)
        {
            return;
        }

        await using Stream body = await from.Content.ReadAsStreamAsync(cancellationToken);
        int expected = (int)Math.Min(from.Content.Headers.ContentLength ?? long.MaxValue, 64 * 1024);
        while (true)
        {
            int count = await body.ReadAsync(to.BodyWriter.GetMemory(expected), cancellationToken);
            if (count == 0)
            {
                return;
            }

            to.BodyWriter.Advance(count);
            await to.BodyWriter.FlushAsync(cancellationToken);
        }
    }
}
