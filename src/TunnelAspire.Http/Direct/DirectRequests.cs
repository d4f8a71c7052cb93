using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TunnelAspire.Http.Limits;

namespace TunnelAspire.Http.Direct;

/// <summary>
/// Who answers the requests of sessions in plain HTTP/1.1. They are served on the connection itself, past the web server, whose
/// pipes and their hand-overs between threads cost more than all else on a byte's way: sends and receives by one endpoint,
/// the others by the application, with all that stands before its endpoints.
/// </summary>
public sealed class DirectRequests(IServiceScopeFactory services, RequestLimits limits, ILogger<TunnelErrorMiddleware> logger)
{
    private RequestDelegate? _endpoint;

    /// <summary>Whether anybody answers; else all requests are the web server's.</summary>
    public bool Served => _endpoint is not null;

    /// <summary>Makes contexts what endpoints expect of them.</summary>
    internal IServiceScopeFactory Services => services;

    /// <summary>The application, once the server has been given it.</summary>
    internal Func<IFeatureCollection, Task>? Application { get; set; }

    /// <summary>Sends and receives go to <paramref name="endpoint"/>, with the session's id as route value <c>id</c>.</summary>
    public void Serve(RequestDelegate endpoint) => _endpoint = new TunnelErrorMiddleware(endpoint, limits, logger).InvokeAsync;

    /// <summary>Answers a send or a receive.</summary>
    internal Task AnswerAsync(HttpContext context) => _endpoint!(context);
}
