using System.Net;
using TunnelAspire.Connector.Sessions;
using TunnelAspire.Http;
using TunnelAspire.Http.Identity;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector;

/// <summary>What an open asks for.</summary>
/// <param name="Opening">The session, and who asks for it.</param>
/// <param name="Fin">The offset at which the client's stream ends, if the body is all of it.</param>
/// <param name="First">The target's first bytes are to come with the answer.</param>
internal readonly record struct OpenRequest(Opening Opening, long? Fin, ReadRequest? First);

/// <summary>What a send says of its body.</summary>
/// <param name="Offset">Offset of the body's first byte.</param>
/// <param name="Fin">The offset at which the client's stream ends, where that is known.</param>
/// <param name="Ack">All of the target's stream below it has arrived; null where nothing is said of it.</param>
internal readonly record struct SendRequest(long Offset, long? Fin, long? Ack);

/// <summary>Reads what the requests of sessions ask for, and refuses what breaks the protocol, naming it.</summary>
internal sealed class ConnectorRequests(ConnectorOptions options)
{
    /// <summary><c>POST /v1/sessions?target=host:port[&amp;fin=N][&amp;receive=1…]</c>.</summary>
    public OpenRequest Open(HttpContext context)
    {
        RequireTunnelBody(context);
        string? targetText = context.Request.Query[TunnelPaths.Target];
        if (!TargetAddress.TryParse(targetText, out TargetAddress? target))
        {
            throw new TunnelException(TunnelError.Malformed, $"the query parameter '{TunnelPaths.Target}' is neither host:port nor unix:/path");
        }

        long? fin = TunnelRequests.OptionalOffset(context.Request, TunnelPaths.Fin);
        ReadRequest? first = context.Request.Query[TunnelPaths.First] == "1" ? Read(context.Request, ack: 0) : null;
        return new OpenRequest(Opening(context, target), fin, first);
    }

    /// <summary><c>POST …/send?offset=N[&amp;fin=N][&amp;ack=N]</c>.</summary>
    public SendRequest Send(HttpContext context)
    {
        RequireTunnelBody(context);
        long offset = TunnelRequests.RequiredOffset(context.Request, TunnelPaths.Offset);
        long? fin = TunnelRequests.OptionalOffset(context.Request, TunnelPaths.Fin);
        long? ack = TunnelRequests.OptionalOffset(context.Request, TunnelPaths.Ack);
        if (fin < offset)
        {
            throw new TunnelException(TunnelError.Malformed, $"the stream cannot end at {fin}, before offset {offset}");
        }

        if (offset > long.MaxValue - options.MaxBody)
        {
            throw new TunnelException(TunnelError.Malformed, $"offset {offset} leaves no room before 2^63");
        }

        return new SendRequest(offset, fin, ack);
    }

    /// <summary><c>GET …/receive?ack=N[&amp;gen=…][&amp;max=…][&amp;hold=…][&amp;stream=1]</c>.</summary>
    public ReadRequest Receive(HttpContext context)
    {
        TunnelRequests.LiftServerLimits(context);
        return Read(context.Request, TunnelRequests.RequiredOffset(context.Request, TunnelPaths.Ack));
    }

    private ReadRequest Read(HttpRequest request, long ack)
    {
        long generation = TunnelRequests.OptionalOffset(request, TunnelPaths.Generation) ?? 0;
        long max = TunnelRequests.OptionalOffset(request, TunnelPaths.Max) ?? options.MaxBody;
        long hold = TunnelRequests.OptionalOffset(request, TunnelPaths.Hold) ?? long.MaxValue;
        if (max == 0)
        {
            throw new TunnelException(TunnelError.Malformed, $"the query parameter '{TunnelPaths.Max}' must be at least 1");
        }

        TimeSpan longest = options.Hold;
        TimeSpan asked = hold < longest.TotalMilliseconds ? TimeSpan.FromMilliseconds(hold) : longest;
        return new ReadRequest(ack, generation, (int)Math.Min(max, options.MaxBody), asked, request.Query[TunnelPaths.Stream] == "1");
    }

    private void RequireTunnelBody(HttpContext context)
    {
        TunnelRequests.RequireTcpBody(context.Request);
        TunnelRequests.LiftServerLimits(context);
        TunnelRequests.RequireFitting(context.Request, options.MaxBody);
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

    private static SessionId RequestedId(HttpContext context)
    {
        if (SessionId.TryParse(context.Request.Headers[TunnelHeaders.Session], out SessionId id))
        {
            return id; // chosen by the relay
        }

        string? key = context.Request.Headers[TunnelHeaders.OpenKey];
        return string.IsNullOrEmpty(key) ? SessionId.New() : SessionId.FromOpenKey(key, Caller.Of(context).Name);
    }
}
