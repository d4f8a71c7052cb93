using System.Net;
using Microsoft.Extensions.Options;
using TunnelAspire.Connector.Sessions;
using TunnelAspire.Http;
using TunnelAspire.Http.Identity;
using TunnelAspire.Http.Limits;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector;

/// <summary>The connector's side of the protocol: one method a verb. docs/protocol.md is their specification.</summary>
public sealed class ConnectorEndpoints(
    SessionTable sessions, ConnectorIdentity identity, RelayAdmission relays, SessionTokens tokens, RequestLimits limits, IOptions<ConnectorOptions> options)
{
    private readonly ConnectorOptions _options = options.Value;

    /// <summary>Maps the protocol's paths and the operator's list of sessions.</summary>
    public void Map(IEndpointRouteBuilder app)
    {
        app.MapPost(TunnelPaths.Sessions, AdmitAsync);
        app.MapPost($"{TunnelPaths.Sessions}/{{id}}/send", AdmitAsync);
        app.MapGet($"{TunnelPaths.Sessions}/{{id}}/receive", AdmitAsync);
        app.MapDelete($"{TunnelPaths.Sessions}/{{id}}", AdmitAsync);
        app.MapGet("/sessions", ListAsync);
    }

    /// <summary>Answers a relay; nobody else.</summary>
    public Task AdmitAsync(HttpContext context)
    {
        relays.Require(context);
        return HandleAsync(context);
    }

    /// <summary>Answers a request of which is known that a relay has handed it on.</summary>
    public Task HandleAsync(HttpContext context) => context.Request.Method switch
    {
        _ when !context.Request.RouteValues.ContainsKey("id") => OpenAsync(context),
        "POST" => SendAsync(context),
        "GET" => ReceiveAsync(context),
        _ => AbortAsync(context),
    };

    /// <summary>POST /v1/sessions?target=host:port: connects to the target; the body may bring the client's first bytes, the answer the target's.</summary>
    private async Task OpenAsync(HttpContext context)
    {
        RequireThisRun(context, otherwise: TunnelError.ConnectorUnreachable);
        limits.AdmitOpen(context);
        TunnelRequests.RequireTcpBody(context.Request);
        RequireFitting(context);
        string? targetText = context.Request.Query[TunnelPaths.Target];
        if (!TargetAddress.TryParse(targetText, out TargetAddress? target))
        {
            throw new TunnelException(TunnelError.Malformed, $"the query parameter '{TunnelPaths.Target}' is neither host:port nor unix:/path");
        }

        long? fin = TunnelRequests.OptionalOffset(context.Request, TunnelPaths.Fin);
        ReadRequest? first = context.Request.Query[TunnelPaths.First] == "1" ? ReadRequest(context.Request, ack: 0) : null;
        TargetSession session = await sessions.OpenAsync(Opening(context, target), context.RequestAborted);
        session.Touch(context.Request.Headers[TunnelHeaders.Relay]);
        WriteAnswer accepted = await RunAsync(context, session, () => AcceptAsync(context, session, offset: 0, fin, ack: null));
        Grant(context, session, accepted.Ack);
        if (first is { } request)
        {
            await AnswerAsync(context, session, request);
        }
        else
        {
            context.Response.ContentLength = 0;
        }
    }

    private static Opening Opening(HttpContext context, TargetAddress target)
    {
        string? relay = context.Request.Headers[TunnelHeaders.Relay];
        string? agent = context.Request.Headers[TunnelHeaders.Agent];
        return new Opening(RequestedId(context), target, Caller.Of(context))
        {
            Relay = string.IsNullOrEmpty(relay) ? null : relay,
            Agent = IPAddress.TryParse(agent, out IPAddress? address) ? address.ToString() : context.Connection.RemoteIpAddress?.ToString(),
        };
    }

    private void Grant(HttpContext context, TargetSession session, long ack)
    {
        Mark(context, session.Id, ack);
        IHeaderDictionary headers = context.Response.Headers;
        headers.Location = TunnelPaths.Session(session.Id);
        headers[TunnelHeaders.Token] = tokens.For(session.Id);
        headers[TunnelHeaders.Window] = WireText.Format(_options.Window);
        headers[TunnelHeaders.MaxBody] = WireText.Format(_options.MaxBody);
        headers[TunnelHeaders.Hold] = WireText.Format((long)_options.Hold.TotalMilliseconds);
        headers[TunnelHeaders.Grace] = WireText.Format((long)_options.Grace.TotalMilliseconds);
        headers[TunnelHeaders.Connector] = identity.Address.Name;
        context.Response.StatusCode = StatusCodes.Status201Created;
    }

    /// <summary>POST …/send: the client's bytes; the answer is their acknowledgement (claims 2–4).</summary>
    private async Task SendAsync(HttpContext context)
    {
        TargetSession session = Admit(context);
        TunnelRequests.RequireTcpBody(context.Request);
        RequireFitting(context);
        long offset = TunnelRequests.RequiredOffset(context.Request, TunnelPaths.Offset);
        long? fin = TunnelRequests.OptionalOffset(context.Request, TunnelPaths.Fin);
        long? ack = TunnelRequests.OptionalOffset(context.Request, TunnelPaths.Ack);
        if (fin < offset)
        {
            throw new TunnelException(TunnelError.Malformed, $"the stream cannot end at {fin}, before offset {offset}");
        }

        if (offset > long.MaxValue - _options.MaxBody)
        {
            throw new TunnelException(TunnelError.Malformed, $"offset {offset} leaves no room before 2^63");
        }

        WriteAnswer accepted;
        try
        {
            accepted = await RunAsync(context, session, () => AcceptAsync(context, session, offset, fin, ack));
        }
        catch (TunnelException e) when (e.Error == TunnelError.OffsetGap)
        {
            Mark(context, session.Id, session.End.Receiving.Next);
            throw;
        }

        Mark(context, session.Id, accepted.Ack);
        if (accepted.Fin is { } end)
        {
            context.Response.Headers[TunnelHeaders.Fin] = WireText.Format(end);
        }

        if (session.End.Complete)
        {
            sessions.Complete(session); // the answer tells the agent
        }

        context.Response.ContentLength = 0;
    }

    /// <summary>GET …/receive: reads from the target because of this request, and answers with what was read (claims 5, 6).</summary>
    private async Task ReceiveAsync(HttpContext context)
    {
        TargetSession session = Admit(context);
        TunnelRequests.LiftServerLimits(context);
        await AnswerAsync(context, session, ReadRequest(context.Request, TunnelRequests.RequiredOffset(context.Request, TunnelPaths.Ack)));
    }

    private async Task AnswerAsync(HttpContext context, TargetSession session, ReadRequest request)
    {
        if (request.Stream)
        {
            await RunAsync(context, session, async () =>
            {
                await session.End.StreamAsync(request, (range, last, over) => WriteAsync(context, session, range, last, over), context.RequestAborted);
                return true;
            });
        }
        else
        {
            using OutboundRange range = await RunAsync(context, session, () => session.End.ReadAsync(request, context.RequestAborted));
            await WriteAsync(context, session, range, last: true, context.RequestAborted);
        }

        session.Touch();
    }

    /// <summary>Writes a range of the answer's body; with the first one the head, which tells the length where no more follows.</summary>
    private static async ValueTask WriteAsync(HttpContext context, TargetSession session, OutboundRange range, bool last, CancellationToken cancellationToken)
    {
        if (!context.Response.HasStarted)
        {
            Mark(context, session.Id, session.End.Receiving.Next);
            IHeaderDictionary headers = context.Response.Headers;
            headers[TunnelHeaders.Offset] = WireText.Format(range.Offset);
            headers[TunnelHeaders.Fin] = last && range.Fin is { } fin ? WireText.Format(fin) : default;
            context.Response.ContentType = context.Request.Headers.Accept == TunnelMediaTypes.OctetStream ? TunnelMediaTypes.OctetStream : TunnelMediaTypes.BinaryTcp;
            context.Response.ContentLength = last ? range.Length : null;
        }

        foreach (ReadOnlyMemory<byte> bytes in range.Bytes)
        {
            await context.Response.BodyWriter.WriteAsync(bytes, cancellationToken);
        }
    }

    /// <summary>DELETE: ends the session; in order if both directions have ended, else with a reset.</summary>
    private Task AbortAsync(HttpContext context)
    {
        TargetSession session = Admit(context);
        bool complete = session.End.Receiving.Finished && session.End.Sending.Fin is not null;
        sessions.End(session, complete ? SessionEndReason.Closed : SessionEndReason.Aborted);
        Mark(context, session.Id, session.End.Receiving.Next);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>GET /sessions: for operators, on the inner network only; relays do not forward it.</summary>
    private Task ListAsync(HttpContext context) => relays.MayList(context)
        ? context.Response.WriteAsJsonAsync(sessions.Open.Select(session => SessionView.Of(session, identity.Address.Name)), SessionViews.Default.IEnumerableSessionView)
        : TunnelAnswers.FailAsync(context, TunnelError.UntrustedRelay, $"the header {TunnelHeaders.Proof} must be the cluster key's signature for '{RelayAdmission.ListPurpose}'");

    private async Task<WriteAnswer> AcceptAsync(HttpContext context, TargetSession session, long offset, long? fin, long? ack)
    {
        WriteAnswer accepted = await session.End.AcceptAsync(offset, context.Request.BodyReader, fin, ack, new AcceptLimits(_options.Hold, _options.MaxBody), context.RequestAborted);
        session.Touch();
        return accepted;
    }

    /// <summary>Runs what touches the byte machine, and ends the session where that shows that it must end.</summary>
    private async Task<T> RunAsync<T>(HttpContext context, TargetSession session, Func<Task<T>> exchange)
    {
        try
        {
            return await exchange();
        }
        catch (TunnelException e) when (e.Error == TunnelError.Malformed)
        {
            sessions.End(session, SessionEndReason.ProtocolError);
            throw;
        }
        catch (Exception e) when (session.Ended && e is not BadHttpRequestException)
        {
            throw Gone(context, session.Id, e);
        }
        catch (System.Net.Sockets.SocketException e)
        {
            sessions.End(session, SessionEndReason.TargetReset);
            throw new TunnelException(TunnelError.TargetReset, $"{session.Target}: {e.Message}", e);
        }
    }

    private ReadRequest ReadRequest(HttpRequest request, long ack)
    {
        long generation = TunnelRequests.OptionalOffset(request, TunnelPaths.Generation) ?? 0;
        long max = TunnelRequests.OptionalOffset(request, TunnelPaths.Max) ?? _options.MaxBody;
        long hold = TunnelRequests.OptionalOffset(request, TunnelPaths.Hold) ?? long.MaxValue;
        if (max == 0)
        {
            throw new TunnelException(TunnelError.Malformed, $"the query parameter '{TunnelPaths.Max}' must be at least 1");
        }

        TimeSpan longest = _options.Hold;
        TimeSpan asked = hold < longest.TotalMilliseconds ? TimeSpan.FromMilliseconds(hold) : longest;
        return new ReadRequest(ack, generation, (int)Math.Min(max, _options.MaxBody), asked, request.Query[TunnelPaths.Stream] == "1");
    }

    /// <summary>The session that the request names and is admitted to. A wrong token and an unknown session look the same.</summary>
    private TargetSession Admit(HttpContext context)
    {
        SessionId id = TunnelRequests.Session(context);
        RequireThisRun(context, otherwise: TunnelError.SessionGone);
        if (context.Features.Get<ShownToken>() is null && !tokens.Admits(id, context.Request.Headers[TunnelHeaders.Token]))
        {
            throw new TunnelException(TunnelError.SessionUnknown, "no such session");
        }

        context.Response.Headers[TunnelHeaders.Session] = id.ToString();
        TargetSession session = sessions.Find(id) ?? throw Gone(context, id);
        session.Touch(context.Request.Headers[TunnelHeaders.Relay]);
        return session;
    }

    /// <summary>The session has ended; where that was in order, the answer tells where its streams did.</summary>
    private TunnelException Gone(HttpContext context, SessionId id, Exception? cause = null)
    {
        (Completion? completed, TimeSpan? expired) = sessions.FindEnding(id);
        if (completed is { } completion && !context.Response.HasStarted)
        {
            context.Response.Headers[TunnelHeaders.Ack] = WireText.Format(completion.Ack);
            context.Response.Headers[TunnelHeaders.Fin] = WireText.Format(completion.Fin);
        }

        return expired is { } lifetime
            ? new TunnelException(TunnelError.SessionExpired, $"the session has lasted {lifetime:c}, as long as its rule lets it", cause)
            : new TunnelException(TunnelError.SessionGone, "the session has ended", cause);
    }

    /// <summary>A relay that means an earlier run of this connector means sessions that ended with it; an open can be repeated elsewhere.</summary>
    private void RequireThisRun(HttpContext context, TunnelError otherwise)
    {
        string? epoch = context.Request.Headers[TunnelHeaders.Epoch];
        if (epoch is not null && epoch != WireText.Format(identity.Address.Epoch))
        {
            throw new TunnelException(otherwise, $"connector {identity.Address.Name} has been restarted since the relay heard of it");
        }
    }

    private void RequireFitting(HttpContext context)
    {
        TunnelRequests.LiftServerLimits(context);
        TunnelRequests.RequireFitting(context.Request, _options.MaxBody);
    }

    private static SessionId RequestedId(HttpContext context)
    {
        if (SessionId.TryParse(context.Request.Headers[TunnelHeaders.Session], out SessionId id))
        {
            return id; // chosen by the relay
        }

        string? key = context.Request.Headers[TunnelHeaders.OpenKey];
        return string.IsNullOrEmpty(key) ? SessionId.New() : SessionId.FromOpenKey(key, Caller.Of(context).Name);
    }

    private static void Mark(HttpContext context, SessionId id, long ack)
    {
        TunnelAnswers.Mark(context);
        context.Response.Headers[TunnelHeaders.Session] = id.ToString();
        context.Response.Headers[TunnelHeaders.Ack] = WireText.Format(ack);
    }
}
