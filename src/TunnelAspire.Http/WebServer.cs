using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using TunnelAspire.Http.Direct;
using TunnelAspire.Http.Limits;
using TunnelAspire.Http.Tls;

namespace TunnelAspire.Http;

/// <summary>The web server as the tunnel's services need it: TLS from files, and HTTP/2 whose requests do not wait for each other.</summary>
public static class WebServer
{
    /// <summary>Most requests at once on one HTTP/2 connection; a client opens another connection for more.</summary>
    private const int Streams = 128;

    /// <summary>Bytes of one request's body that may arrive unread: a whole message of the default size, so that none waits for leave to go on.</summary>
    private const int StreamWindow = 1024 * 1024;

    /// <summary>Sets up the server; section <c>Tls</c> is for its https:// addresses.</summary>
    public static void AddWebServer(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<TlsOptions>()
            .BindConfiguration(TlsOptions.Section)
            .Validate(tls => tls.IsWhole, "Tls:Certificate and Tls:Key belong together, and Tls:ClientCa to them: give both files")
            .ValidateOnStart();
        builder.AddLimits();
        QuietFloods(builder.Configuration);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<DirectRequests>();
        builder.Services.AddSingleton<DirectLanes>();
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, RoomyBuffers>();
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true); // nothing here blocks a thread
        builder.Services.AddSingleton<IConnectionListenerFactory, DirectTransport>();
        DirectServer.Register(builder.Services);
        builder.Services.AddSingleton<TlsIdentity>();
        builder.Services.AddHostedService<TlsReload>();
        builder.WebHost.ConfigureKestrel(server =>
        {
            Bound(server);
            SizeHttp2(server.Limits);
            UseTls(server);
        });
    }

    /// <summary>The server says several lines for each connection in HTTP/2 that it cuts off for what it sends: whoever floods it would fill the log. A setting of one's own brings them back.</summary>
    private static void QuietFloods(ConfigurationManager configuration) => configuration.Sources.Insert(0, new MemoryConfigurationSource
    {
        InitialData = [new("Logging:LogLevel:Microsoft.AspNetCore.Server.Kestrel.Http2", "None")],
    });

    /// <summary>What anybody may send before it is known what it is. None of these is an option: no honest client comes near them.</summary>
    private static void Bound(KestrelServerOptions server)
    {
        KestrelServerLimits limits = server.Limits;
        limits.MaxRequestLineSize = 8 * 1024;
        limits.MaxRequestHeadersTotalSize = 32 * 1024; // gateways add their own
        limits.MaxRequestHeaderCount = 100;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(130); // longer than systems in front keep an idle connection
        limits.MaxRequestBodySize = 1024 * 1024; // of requests that are none of the tunnel's: those count themselves
        limits.Http2.MaxRequestHeaderFieldSize = 16 * 1024;
        limits.Http2.HeaderTableSize = 4 * 1024;
        limits.Http2.MaxFrameSize = 16 * 1024;

        DirectRequests direct = server.ApplicationServices.GetRequiredService<DirectRequests>();
        ConnectionLimits connections = server.ApplicationServices.GetRequiredService<ConnectionLimits>();
        server.ConfigureEndpointDefaults(endpoint =>
        {
            ListenRule.Require(server.ApplicationServices, endpoint);
            direct.Listen(endpoint);
            endpoint.Use(next => connection => connections.AcceptAsync(connection, next));
        });
    }

    /// <summary>
    /// The connection's window holds all its requests' windows: a body that must wait unread (its target is slow, its turn has not
    /// come) leaves the other sessions' room alone. It is no more than as many HTTP/1.1 connections may hold.
    /// </summary>
    private static void SizeHttp2(KestrelServerLimits limits)
    {
        limits.Http2.MaxStreamsPerConnection = Streams;
        limits.Http2.InitialStreamWindowSize = StreamWindow;
        limits.Http2.InitialConnectionWindowSize = Streams * StreamWindow;

        // On HTTP/2 it is one clock for the connection, and cannot be lifted for one request: a client that reads one answer slowly would lose all.
        limits.MinResponseDataRate = null;
    }

    private static void UseTls(KestrelServerOptions server)
    {
        if (!server.ApplicationServices.GetRequiredService<IOptions<TlsOptions>>().Value.IsSet)
        {
            return;
        }

        TlsIdentity identity = server.ApplicationServices.GetRequiredService<TlsIdentity>();
        identity.Load();
        server.ConfigureHttpsDefaults(https =>
        {
            https.ServerCertificateSelector = (_, _) => identity.Certificate; // the server wants to know that there is one
            https.OnAuthenticate = (_, handshake) => identity.Apply(handshake);
            https.ClientCertificateMode = identity.RequiresClients ? ClientCertificateMode.RequireCertificate : ClientCertificateMode.NoCertificate;
        });
    }
}
