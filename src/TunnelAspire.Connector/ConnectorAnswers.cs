using Microsoft.Extensions.Options;
using TunnelAspire.Connector.Sessions;
using TunnelAspire.Http;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector;

/// <summary>Writes the answers to requests of sessions: what their heads tell, and the target's bytes.</summary>
public sealed class ConnectorAnswers(ConnectorIdentity identity, SessionTokens tokens, IOptions<ConnectorOptions> options)
{
    private readonly ConnectorOptions _options = options.Value;

    /// <summary>Sets the headers of every answer about a session: <paramref name="ack"/> acknowledges all bytes of the client's stream below it.</summary>
    internal static void Mark(HttpContext context, SessionId id, long ack)
    {
        TunnelAnswers.Mark(context);
        context.Response.Headers[TunnelHeaders.Session] = id.ToString();
        context.Response.Headers[TunnelHeaders.Ack] = WireText.Format(ack);
    }

    /// <summary>Makes it the answer to an open: 201, with the session's token and limits.</summary>
    internal void Grant(HttpContext context, SessionId id, long ack)
    {
        Mark(context, id, ack);
        IHeaderDictionary headers = context.Response.Headers;
        headers.Location = TunnelPaths.Session(id);
        headers[TunnelHeaders.Token] = tokens.For(id);
        headers[TunnelHeaders.Window] = WireText.Format(_options.Window);
        headers[TunnelHeaders.MaxBody] = WireText.Format(_options.MaxBody);
        headers[TunnelHeaders.Hold] = WireText.Format((long)_options.Hold.TotalMilliseconds);
        headers[TunnelHeaders.Grace] = WireText.Format((long)_options.Grace.TotalMilliseconds);
        headers[TunnelHeaders.Connector] = identity.Address.Name;
        context.Response.StatusCode = StatusCodes.Status201Created;
    }

    /// <summary>Writes a range of the answer's body; with the first one the head, which tells the length where no more follows.</summary>
    internal static async ValueTask WriteAsync(HttpContext context, TargetSession session, OutboundRange range, bool last, CancellationToken cancellationToken)
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
}
