using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TunnelAspire.Http.Limits;

namespace TunnelAspire.Http.Direct;

/// <summary>
/// Who answers requests in plain HTTP/1.1. They are served on the connection itself, past the web server, whose
/// pipes and their hand-overs between threads cost more than all else on a byte's way: sends and receives by one endpoint,
/// the others by the application, with all that stands before its endpoints.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A CancellationTokenSource without a timer holds nothing to dispose.")]
public sealed partial class DirectRequests(IServiceScopeFactory services, RequestLimits limits, ILogger<TunnelErrorMiddleware> logger)
{
    private readonly ConcurrentBag<ListenOptions> _listening = [];
    private readonly CancellationTokenSource _stopping = new();
    private RequestDelegate? _endpoint;

    /// <summary>The server stops: whoever waits between two requests is let go.</summary>
    internal CancellationToken Stopping => _stopping.Token;

    /// <summary>Makes contexts what endpoints expect of them.</summary>
    internal IServiceScopeFactory Services => services;

    /// <summary>The application, once the server has been given it.</summary>
    internal Func<IFeatureCollection, Task>? Application { get; set; }

    /// <summary>Where the web server listens, and how.</summary>
    internal IServerAddressesFeature? Addresses { get; set; }

    /// <summary>Sends and receives go to <paramref name="endpoint"/>, with the session's id as route value <c>id</c>.</summary>
    public void Serve(RequestDelegate endpoint) => _endpoint = new TunnelErrorMiddleware(endpoint, limits, refusals: null, logger).InvokeAsync;

    /// <summary>The server stops.</summary>
    internal void Stop() => _stopping.Cancel();

    /// <summary>The web server listens there, too.</summary>
    internal void Listen(ListenOptions endpoint) => _listening.Add(endpoint);

    /// <summary>
    /// Whether anybody answers what comes in at this address. What is an https:// address, or is not known yet, is the web server's
    /// alone: plain requests there would come past the client certificates that it asks for. So is one that does not take HTTP/1.1.
    /// </summary>
    internal bool IsServed(EndPoint listening) => _endpoint is not null && Application is not null && IsPlain((listening as IPEndPoint)?.Port);

    /// <summary>Answers a send or a receive.</summary>
    internal Task AnswerAsync(HttpContext context) => _endpoint!(context);

    /// <summary>Something has been thrown that nobody expected.</summary>
    [LoggerMessage(2903, LogLevel.Error, "Fault on a connection; it is closed")]
    internal partial void LogFault(Exception exception);

    private bool IsPlain(int? port)
    {
        BindingAddress[] ours = [.. (Addresses?.Addresses ?? []).Select(BindingAddress.Parse).Where(address => !address.IsUnixPipe && address.Port == port)];
        return ours.Length > 0 && ours.All(address => address.Scheme == "http") &&
            _listening.Where(endpoint => endpoint.IPEndPoint?.Port == port).All(endpoint => endpoint.Protocols.HasFlag(HttpProtocols.Http1));
    }
}
