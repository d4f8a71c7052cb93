using System.Net;

namespace TunnelAspire.Agent.Http;

/// <summary>The way to the relays: the server's URL, and the client that every session's requests share.</summary>
public sealed class TunnelServer : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly HttpMessageInvoker _client;
    private readonly string _base;
    private readonly string _mediaType;
    private readonly KeyValuePair<string, string>[] _headers;

    /// <summary>A client for the server, through the proxy if there is one.</summary>
    public TunnelServer(AgentOptions options)
    {
        _base = options.ParseServer().AbsoluteUri.TrimEnd('/');
        _mediaType = options.MediaType;
        _headers = [.. options.Headers.Select(AgentOptions.ParseHeader)];
        _client = new HttpMessageInvoker(Handler(options));
    }

    /// <summary>A request to a path of the protocol, with the headers that the user asked for.</summary>
    public HttpRequestMessage Request(HttpMethod method, string pathAndQuery)
    {
        HttpRequestMessage request = new(method, _base + pathAndQuery);
        request.Headers.TryAddWithoutValidation("Accept", _mediaType);
        foreach ((string name, string value) in _headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    /// <summary>Sends; returns once the answer's head is there. The caller disposes the answer.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        _client.SendAsync(request, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    /// <summary>The way in which connections are made: what the options say, and nothing that would hide what the path does.</summary>
    internal static SocketsHttpHandler Handler(AgentOptions options)
    {
        SocketsHttpHandler handler = new()
        {
            ConnectTimeout = ConnectTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30), // under the idle cut of the strictest systems in between
            ActivityHeadersPropagator = null, // a session is one trace; the requests that carry its bytes are none
            AllowAutoRedirect = false, // a redirect is somebody else's answer
            UseCookies = false,
        };
        if (options.Proxy.Length > 0)
        {
            handler.UseProxy = options.Proxy != AgentOptions.NoProxy;
            handler.Proxy = handler.UseProxy ? Proxy(new Uri(options.Proxy)) : null;
        }

        return handler;
    }

    /// <summary>The proxy, with the name and password that its URL may bring.</summary>
    private static WebProxy Proxy(Uri url)
    {
        string[] user = [.. url.UserInfo.Split(':', 2).Select(Uri.UnescapeDataString)];
        return new WebProxy(url) { Credentials = user[0].Length > 0 ? new NetworkCredential(user[0], user.Length > 1 ? user[1] : "") : null };
    }
}
