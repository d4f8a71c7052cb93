namespace TunnelAspire.Http1;

/// <summary>A request that says how it may be sent.</summary>
public sealed class Http1Request(HttpMethod method, string uri) : HttpRequestMessage(method, uri)
{
    /// <summary>It is short, and so is its answer: it may share a connection with others, on a lane.</summary>
    public bool MayShare { get; init; }

    /// <summary>Its body goes on while its answer comes; the answer is there before the body has ended.</summary>
    public bool IsTwoWay { get; init; }
}
