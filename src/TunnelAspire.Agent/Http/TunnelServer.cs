using System.Net;
using TunnelAspire.Http1;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Http;

/// <summary>The way to the relays: the server's URL, and the client that every session's requests share.</summary>
public sealed class TunnelServer : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(30); // under the idle cut of the strictest systems in between

    /// <summary>A whole message of the default size: it waits for no leave to go on.</summary>
    private const int StreamWindow = 1024 * 1024;

    /// <summary>A request's head on a lane is of 4 KiB at the most; so much of it may be headers of the user's.</summary>
    private const int MostHeaderBytes = 2 * 1024;

    private readonly HttpMessageInvoker _client;
    private readonly Http1Handler? _http1;
    private readonly string _base;
    private readonly string _path;
    private readonly string _mediaType;
    private readonly string? _host;
    private readonly bool _fitsLanes;
    private readonly bool _speaksHttp1; // straight to the server, in plain HTTP/1.1
    private readonly KeyValuePair<string, string>[] _headers;
    private readonly (Version Version, HttpVersionPolicy Policy) _http;

    /// <summary>A client for the server, through the proxy if there is one.</summary>
    /// <exception cref="FormatException">The options name a file that cannot be used, or what does not go together.</exception>
    public TunnelServer(AgentOptions options)
    {
        Url = options.ParseServer();
        Proxy = ForwardProxy.Find(options);
        Tls = new ServerTls(options);
        Caller = new CallerToken(options);
        _base = Url.AbsoluteUri.TrimEnd('/');
        _path = Url.AbsolutePath.TrimEnd('/');
        _mediaType = options.MediaType;
        _host = options.Host.Length > 0 ? options.Host : null;
        _headers = [.. options.Headers.Select(AgentOptions.ParseHeader)];
        _fitsLanes = _headers.Sum(header => header.Key.Length + header.Value.Length + 4) < MostHeaderBytes;
        _http = options.ParseHttpVersion();
        _speaksHttp1 = Proxy is null && Url.Scheme == Uri.UriSchemeHttp && _http.Version == HttpVersion.Version11;
        if (Proxy?.ReadsRequestsTo(Url) == true && _http.Version == HttpVersion.Version20)
        {
            throw new FormatException($"HTTP/2 without TLS does not go through a proxy ({Proxy.Authority}): use an https:// server, --http 1.1, or --proxy none");
        }

        HttpMessageHandler client = Client();
        _http1 = client as Http1Handler;
        _client = new HttpMessageInvoker(client);
    }

    /// <summary>URL of the relays.</summary>
    public Uri Url { get; }

    /// <summary>The proxy that leads there, if there is one.</summary>
    public ForwardProxy? Proxy { get; }

    /// <summary>What TLS is made with, and what it has met.</summary>
    public ServerTls Tls { get; }

    /// <summary>Who the agent is, for requests that ask for it.</summary>
    public CallerToken Caller { get; }

    /// <summary>A request to a path of the protocol, with the headers that the user asked for.</summary>
    public HttpRequestMessage Request(HttpMethod method, string pathAndQuery) => WithHeaders(new HttpRequestMessage(method, _base + pathAndQuery));

    /// <summary>The same, for a session.</summary>
    /// <param name="method">The method.</param>
    /// <param name="pathAndQuery">What is asked for.</param>
    /// <param name="mayShare">Request and answer are short: they may share a connection with others.</param>
    public HttpRequestMessage Request(HttpMethod method, string pathAndQuery, bool mayShare) => _speaksHttp1
        ? WithHeaders(new Http1Request(method, Url, _path + pathAndQuery) { MayShare = mayShare && _fitsLanes })
        : Request(method, pathAndQuery);

    /// <summary>Sends; returns once the answer's head is there. The caller disposes the answer.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        _client.SendAsync(request, cancellationToken);

    /// <summary>Why requests have connections of their own here, whatever the path can do; null where it is for the path to say.</summary>
    public string? WhyNoLanes => this switch
    {
        { Proxy: not null } => "not through a forward proxy",
        _ when Url.Scheme == Uri.UriSchemeHttps || _http.Version == HttpVersion.Version20 => "only in HTTP/1.1 without TLS",
        { _fitsLanes: false } => "the headers to be sent with each request are too long",
        _ => null,
    };

    /// <summary>Finds out whether requests can share a connection.</summary>
    public async Task<SharingTrial> TryLanesAsync() => _http1 is null || WhyNoLanes is not null ? new SharingTrial(null, WhyNoLanes) : await _http1.TrySharingAsync(Url);

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    /// <summary>How connections are made: what the options say, and nothing that would hide what the path does.</summary>
    internal static SocketsHttpHandler Handler(AgentOptions options) => Handler(ForwardProxy.Find(options), ForwardProxy.Find(options)?.Login, new ServerTls(options));

    private T WithHeaders<T>(T request)
        where T : HttpRequestMessage
    {
        (request.Version, request.VersionPolicy) = _http;
        request.Headers.Host = _host; // the name that TLS asks for, too
        request.Headers.TryAddWithoutValidation("Accept", _mediaType);
        foreach ((string name, string value) in _headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private HttpMessageHandler Client() => Proxy switch
    {
        _ when _speaksHttp1 => new Http1Handler(ConnectTimeout, IdleTimeout, _ => WithHeaders(new Http1Request(HttpMethod.Post, Url, _path + TunnelPaths.Lanes) { IsTwoWay = true })),
        { Login: { } login } when Proxy.ReadsRequestsTo(Url) => new ProxyLogin(Handler(Proxy, null, Tls), Handler(Proxy, login, Tls), login),
        _ => Handler(Proxy, Proxy?.Login, Tls),
    };

    private static SocketsHttpHandler Handler(ForwardProxy? proxy, NetworkCredential? login, ServerTls tls) => new()
    {
        ConnectTimeout = ConnectTimeout,
        PooledConnectionIdleTimeout = IdleTimeout,
        ActivityHeadersPropagator = null, // a session is one trace; the requests that carry its bytes are none
        AllowAutoRedirect = false, // a redirect is somebody else's answer
        UseCookies = false,
        UseProxy = proxy is not null,
        Proxy = proxy is null ? null : new WebProxy(proxy.Address) { Credentials = login },
        SslOptions = tls.Options,
        EnableMultipleHttp2Connections = true,
        InitialHttp2StreamWindowSize = StreamWindow,

        // A dead HTTP/2 connection must not take the repeats of what was lost on it: it is found out before a request counts as overdue.
        KeepAlivePingDelay = TimeSpan.FromSeconds(10),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
    };
}
