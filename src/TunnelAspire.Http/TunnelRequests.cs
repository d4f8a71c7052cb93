using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Http;

/// <summary>Reads what requests carry, and refuses what breaks the protocol, naming it.</summary>
public static class TunnelRequests
{
    /// <summary>A query parameter that must be an offset.</summary>
    public static long RequiredOffset(HttpRequest request, string name) =>
        OptionalOffset(request, name) ?? throw new TunnelException(TunnelError.Malformed, $"the query parameter '{name}' is missing");

    /// <summary>A query parameter that may be absent, or an offset.</summary>
    public static long? OptionalOffset(HttpRequest request, string name)
    {
        if (!request.Query.TryGetValue(name, out var values))
        {
            return null;
        }

        return values.Count == 1 && WireText.TryParseOffset(values, out long offset)
            ? offset
            : throw new TunnelException(TunnelError.Malformed, $"the query parameter '{name}' is not one offset (0 to 2^63-1, decimal digits)");
    }

    /// <summary>The session that the path names.</summary>
    public static SessionId Session(HttpContext context) =>
        SessionId.TryParse((string?)context.Request.RouteValues["id"], out SessionId session)
            ? session
            : throw new TunnelException(TunnelError.SessionUnknown, "no such session");

    /// <summary>Refuses bodies of a media type that carries no TCP bytes.</summary>
    public static void RequireTcpBody(HttpRequest request)
    {
        // How a body shows depends on the version: a length, chunks, or (HTTP/2) that the head was not the end of the request.
        bool empty = request.ContentLength is 0 || request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == false;
        string mediaType = request.ContentType?.Split(';')[0].Trim() ?? "";
        if (!mediaType.Equals(TunnelMediaTypes.BinaryTcp, StringComparison.OrdinalIgnoreCase) &&
            !mediaType.Equals(TunnelMediaTypes.OctetStream, StringComparison.OrdinalIgnoreCase) &&
            !(empty && mediaType.Length == 0))
        {
            throw new TunnelException(TunnelError.UnsupportedMediaType, $"bodies are of media type {TunnelMediaTypes.BinaryTcp} or {TunnelMediaTypes.OctetStream}");
        }
    }

    /// <summary>Refuses bodies that say that they are too large. Their bytes are not cut off but passed over, so that the answer arrives.</summary>
    public static void RequireFitting(HttpRequest request, int maxBody)
    {
        if (request.ContentLength > maxBody)
        {
            throw new TunnelException(TunnelError.BodyTooLarge, $"the body has {request.ContentLength} bytes, more than {maxBody}");
        }
    }

    /// <summary>
    /// Lifts the web server's limits that would cut a tunnel's request, for this request only: slow bodies and readers are
    /// normal here, and sessions have clocks of their own. Bodies are counted by who takes them: the server would count their framing too.
    /// On HTTP/2 there is no rate of one answer to lift; <see cref="WebServer"/> asks for none.
    /// </summary>
    public static void LiftServerLimits(HttpContext context)
    {
        IFeatureCollection features = context.Features;
        if (features.Get<IHttpMinRequestBodyDataRateFeature>() is { } requestRate)
        {
            requestRate.MinDataRate = null;
        }

        if (features.Get<IHttpMinResponseDataRateFeature>() is { } responseRate)
        {
            responseRate.MinDataRate = null;
        }

        if (features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }
    }
}
