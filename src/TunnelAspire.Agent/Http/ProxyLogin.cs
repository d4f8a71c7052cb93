using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace TunnelAspire.Agent.Http;

/// <summary>
/// Requests that a proxy reads one by one, each with the login that it wants. Basic is said with the request: to be asked first,
/// each time, would double every message, and break those that are held open. What is stronger is the framework's to answer, and
/// there bodies wait for leave to be sent (Expect: 100-continue): many a proxy that asks stops reading. Before it has asked, nothing is
/// said, and the first body waits in the same way.
/// </summary>
internal sealed class ProxyLogin(SocketsHttpHandler silent, SocketsHttpHandler answering, NetworkCredential login) : DelegatingHandler(silent)
{
    private enum Way
    {
        Silent,
        Basic,
        Answering,
    }

    private readonly HttpMessageInvoker _answering = new(answering);
    private readonly AuthenticationHeaderValue _basic = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{login.UserName}:{login.Password}")));
    private volatile Way _way = Way.Silent;
    private volatile bool _answered; // without a demand: nothing need be said for now

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Way taken = _way;
        HttpResponseMessage answer = await SendAsync(request, taken, cancellationToken);
        _answered |= answer.StatusCode != HttpStatusCode.ProxyAuthenticationRequired;
        if (answer.StatusCode != HttpStatusCode.ProxyAuthenticationRequired || Wanted(answer) is not { } wanted || wanted == taken)
        {
            return answer;
        }

        answer.Dispose();
        _way = wanted;
        request.Headers.ProxyAuthorization = null; // what was said and not accepted is not said again
        return await SendAsync(request, wanted, cancellationToken);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _answering.Dispose();
        }

        base.Dispose(disposing);
    }

    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, Way way, CancellationToken cancellationToken)
    {
        if (way == Way.Basic)
        {
            request.Headers.ProxyAuthorization = _basic;
        }

        bool mayBeAsked = way == Way.Answering || (way == Way.Silent && !_answered);
        request.Headers.ExpectContinue = mayBeAsked && request.Content is not null ? true : null;
        return way == Way.Answering ? _answering.SendAsync(request, cancellationToken) : base.SendAsync(request, cancellationToken);
    }

    /// <summary>The best of what is offered: Basic tells everybody on the way the password.</summary>
    private Way? Wanted(HttpResponseMessage answer)
    {
        string[] offered = [.. answer.Headers.ProxyAuthenticate.Select(challenge => challenge.Scheme.ToUpperInvariant())];
        bool nameless = login.UserName.Length == 0; // whoever is logged in: no password is known
        return offered.Any(scheme => scheme is "NEGOTIATE" or "NTLM" || (scheme == "DIGEST" && !nameless)) ? Way.Answering
            : offered.Contains("BASIC") && !nameless ? Way.Basic
            : null;
    }
}
