using System.Text.Json;
using Microsoft.AspNetCore.Http;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Http;

/// <summary>How relay and connector answer: the headers that mark an answer as the tunnel's own, and errors as problem details (RFC 9457).</summary>
public static class TunnelAnswers
{
    private const string RetryAfterSeconds = "1";

    /// <summary>Sets the headers that every answer carries.</summary>
    public static void Mark(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers[TunnelHeaders.Version] = TunnelHeaders.CurrentVersion;
        headers.CacheControl = "no-store, no-transform";
        headers["X-Accel-Buffering"] = "no";
        if (context.Request.Query.TryGetValue(TunnelPaths.Number, out var number) && WireText.TryParseOffset(number, out _))
        {
            headers[TunnelHeaders.Request] = number;
        }
    }

    /// <summary>Answers with an error, unless an answer has begun already.</summary>
    public static async Task FailAsync(HttpContext context, TunnelError error, string detail)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        Mark(context);
        context.Response.StatusCode = error.Status();
        context.Response.ContentType = TunnelMediaTypes.Problem;
        context.Response.Headers[TunnelHeaders.Error] = error.Code();
        if (error.Status() is 503 or 429)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        }

        byte[] body = Problem(error, detail);
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static byte[] Problem(TunnelError error, string detail)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type", $"urn:tunnelaspire:error:{error.Code()}");
            json.WriteString("title", error.Title());
            json.WriteNumber("status", error.Status());
            json.WriteString("detail", detail);
            json.WriteString("code", error.Code());
            json.WriteBoolean("retry", error.Kind() == TunnelErrorKind.Retry);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
