using Microsoft.Extensions.Options;
using TunnelAspire.Connector.Sessions;
using TunnelAspire.Http.Limits;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector;

/// <summary>The connector's side of the protocol: one method a verb. docs/protocol.md is their specification.</summary>
public sealed class ConnectorEndpoints(
    SessionTable sessions, SessionAccess access, ConnectorAnswers answers, RelayAdmission relays, RequestLimits limits, IOptions<ConnectorOptions> options)
{
    private readonly ConnectorRequests _requests = new(options.Value);
    private readonly AcceptLimits _acceptLimits = new(options.Value.Hold, options.Value.MaxBody);

    /// <summary>Maps the protocol's paths.</summary>
    public void Map(IEndpointRouteBuilder app)
    {
        app.MapPost(TunnelPaths.Sessions, AdmitAsync);
        app.MapPost($"{TunnelPaths.Sessions}/{{id}}/send", AdmitAsync);
        app.MapGet($"{TunnelPaths.Sessions}/{{id}}/receive", AdmitAsync);
        app.MapDelete($"{TunnelPaths.Sessions}/{{id}}", AdmitAsync);
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
        access.RequireThisRun(context, otherwise: TunnelError.ConnectorUnreachable);
        limits.AdmitOpen(context);
        OpenRequest request = _requests.Open(context);
        TargetSession session = await sessions.OpenAsync(request.Opening, context.RequestAborted);
        session.Touch(context.Request.Headers[TunnelHeaders.Relay]);
        WriteAnswer accepted = await AcceptAsync(context, session, new SendRequest(0, request.Fin, Ack: null));
        answers.Grant(context, session.Id, accepted.Ack);
        if (request.First is { } first)
        {
            await AnswerAsync(context, session, first);
        }
        else
        {
            context.Response.ContentLength = 0;
        }
    }

    /// <summary>POST …/send: the client's bytes; the answer is their acknowledgement (claims 2–4).</summary>
    private async Task SendAsync(HttpContext context)
    {
        TargetSession session = access.Admit(context);
        SendRequest request = _requests.Send(context);
        WriteAnswer accepted;
        try
        {
            accepted = await AcceptAsync(context, session, request);
        }
        catch (TunnelException e) when (e.Error == TunnelError.OffsetGap)
        {
            ConnectorAnswers.Mark(context, session.Id, session.End.Receiving.Next);
            throw;
        }

        ConnectorAnswers.Mark(context, session.Id, accepted.Ack);
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
        TargetSession session = access.Admit(context);
        await AnswerAsync(context, session, _requests.Receive(context));
    }

    /// <summary>DELETE: ends the session; in order if both directions have ended, else with a reset.</summary>
    private Task AbortAsync(HttpContext context)
    {
        TargetSession session = access.Admit(context);
        bool complete = session.End.Receiving.Finished && session.End.Sending.Fin is not null;
        sessions.End(session, complete ? SessionEndReason.Closed : SessionEndReason.Aborted);
        ConnectorAnswers.Mark(context, session.Id, session.End.Receiving.Next);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private Task<WriteAnswer> AcceptAsync(HttpContext context, TargetSession session, SendRequest request) => access.RunAsync(context, session, async () =>
    {
        WriteAnswer accepted = await session.End.AcceptAsync(
            request.Offset, context.Request.BodyReader, request.Fin, request.Ack, _acceptLimits, context.RequestAborted);
        session.Touch();
        return accepted;
    });

    private async Task AnswerAsync(HttpContext context, TargetSession session, ReadRequest request)
    {
        if (request.Stream)
        {
            await access.RunAsync(context, session, async () =>
            {
                await session.End.StreamAsync(
                    request, (range, last, over) => ConnectorAnswers.WriteAsync(context, session, range, last, over), context.RequestAborted);
                return true;
            });
        }
        else
        {
            using OutboundRange range = await access.RunAsync(context, session, () => session.End.ReadAsync(request, context.RequestAborted));
            await ConnectorAnswers.WriteAsync(context, session, range, last: true, context.RequestAborted);
        }

        session.Touch();
    }
}
