using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Http;

/// <summary>One request and its answer: tells the tunnel's own answers from those of somebody in between.</summary>
internal static class TunnelExchange
{
    private const int LongestProblem = 8 * 1024;

    /// <summary>Sends the request; returns the tunnel's own answer, for the caller to dispose.</summary>
    /// <param name="server">Where to.</param>
    /// <param name="request">The request; its URL carries <paramref name="number"/>.</param>
    /// <param name="number">The request's number, which its answer repeats.</param>
    /// <param name="session">The session that the answer must name, where one is known.</param>
    /// <param name="cancellationToken">Ends the exchange.</param>
    /// <exception cref="CarrierException">No answer, or not the tunnel's.</exception>
    /// <exception cref="TunnelException">The tunnel's answer is an error.</exception>
    public static async Task<HttpResponseMessage> SendAsync(
        TunnelServer server, HttpRequestMessage request, long number, SessionId? session, CancellationToken cancellationToken)
    {
        HttpResponseMessage? answer = null;
        try
        {
            answer = await server.SendAsync(request, cancellationToken);
            if (answer.StatusCode == HttpStatusCode.ProxyAuthenticationRequired)
            {
                throw PathFailure.Unauthenticated(ProxyDemand.Of(answer), server.Proxy);
            }

            await RequireOwnAsync(server, answer, number, session, cancellationToken);
            return answer;
        }
        catch (Exception e)
        {
            answer?.Dispose();
            throw await PathFailure.OfAsync(e, server, cancellationToken);
        }
    }

    /// <summary>A header of the answer, or null.</summary>
    public static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.NonValidated.TryGetValues(name, out HeaderStringValues values) && values.Count > 0 ? First(values) : null;

    /// <summary>A header that must be an offset.</summary>
    public static long Offset(HttpResponseMessage answer, string name) =>
        OptionalOffset(answer, name) ?? throw new CarrierException(CarrierFault.Foreign, $"the answer has no {name}");

    /// <summary>A header that may be absent, or an offset.</summary>
    public static long? OptionalOffset(HttpResponseMessage answer, string name) => Header(answer, name) switch
    {
        null => null,
        { } text when WireText.TryParseOffset(text, out long offset) => offset,
        { } text => throw new CarrierException(CarrierFault.Foreign, $"the answer's {name} is '{text}'"),
    };

    private static string First(HeaderStringValues values)
    {
        using HeaderStringValues.Enumerator all = values.GetEnumerator();
        return all.MoveNext() ? all.Current : "";
    }

    private static async Task RequireOwnAsync(TunnelServer server, HttpResponseMessage answer, long number, SessionId? session, CancellationToken cancellationToken)
    {
        if (Header(answer, TunnelHeaders.Version) != TunnelHeaders.CurrentVersion)
        {
            throw Foreign(answer);
        }

        if (OptionalOffset(answer, TunnelHeaders.Request) != number)
        {
            throw new CarrierException(CarrierFault.Foreign, "a cached answer to another request came back");
        }

        if (Header(answer, TunnelHeaders.Error) is { } code)
        {
            throw await ErrorAsync(server, answer, code, cancellationToken);
        }

        if (!answer.IsSuccessStatusCode || (session is { } id && Header(answer, TunnelHeaders.Session) != id.ToString()))
        {
            throw Foreign(answer);
        }
    }

    private static CarrierException Foreign(HttpResponseMessage answer)
    {
        string who = answer.Headers.Server.Count > 0 ? $" by {answer.Headers.Server}" : "";
        return new CarrierException(
            answer.StatusCode == HttpStatusCode.RequestEntityTooLarge ? CarrierFault.TooLarge : CarrierFault.Foreign,
            string.Create(CultureInfo.InvariantCulture, $"the path answered in the tunnel's place{who}: {(int)answer.StatusCode} {answer.ReasonPhrase}{Advice(answer)}"));
    }

    private static string Advice(HttpResponseMessage answer) => (int)answer.StatusCode switch
    {
        >= 300 and < 400 when answer.Headers.Location is { } elsewhere => $" to {elsewhere}. If the server has moved there, give that URL; else it is a login page of the network: log in with a browser",
        401 or 403 => ". If it wants a key or a cookie, give it with --header",
        404 or 405 => ". Is the server's URL right, with its path?",
        502 or 503 or 504 => ". Whoever stands there cannot reach the relays",
        _ => "",
    };

    private static async Task<TunnelException> ErrorAsync(TunnelServer server, HttpResponseMessage answer, string code, CancellationToken cancellationToken)
    {
        if (!TunnelErrors.TryParse(code, out TunnelError error))
        {
            // A later version's error: whether to try again shows in the status.
            error = (int)answer.StatusCode >= 500 ? TunnelError.Internal : TunnelError.SessionGone;
        }

        string detail = await DetailAsync(answer, cancellationToken) ?? error.Title();
        TunnelException failure = new(error, error == TunnelError.Unauthenticated ? server.Caller.Explain(detail) : detail);
        failure.Data[TunnelHeaders.Ack] = OptionalOffset(answer, TunnelHeaders.Ack);
        failure.Data[TunnelHeaders.Fin] = OptionalOffset(answer, TunnelHeaders.Fin);
        return failure;
    }

    /// <summary>What the problem document says; null where it is none.</summary>
    public static async Task<string?> DetailAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.Content.Headers.ContentLength is null or > LongestProblem)
        {
            return null;
        }

        try
        {
            using JsonDocument problem = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellationToken));
            return problem.RootElement.GetProperty("detail").GetString();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null; // the code in the header is what counts
        }
    }
}
