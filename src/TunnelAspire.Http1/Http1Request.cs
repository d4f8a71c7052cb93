namespace TunnelAspire.Http1;

/// <summary>A request that says how it may be sent. It has no URI, which would be put together only to be taken apart again for each request.</summary>
/// <param name="method">The method.</param>
/// <param name="server">The server; the same object for many requests.</param>
/// <param name="target">What is asked for: path and query, as the request's first line says them.</param>
public sealed class Http1Request(HttpMethod method, Uri server, string target) : HttpRequestMessage(method, (Uri?)null)
{
    /// <summary>The server.</summary>
    public Uri Server => server;

    /// <summary>Path and query.</summary>
    public string Target => target;

    /// <summary>It is short, and so is its answer: it may share a connection with others, on a lane.</summary>
    public bool MayShare { get; init; }

    /// <summary>It went on a lane: its connection is that of others as well.</summary>
    public bool IsShared { get; internal set; }

    /// <summary>Its body goes on while its answer comes; the answer is there before the body has ended.</summary>
    public bool IsTwoWay { get; init; }
}
