using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using TunnelAspire.Memory;

namespace Microsoft.Extensions.Hosting;

/// <summary>What every service has: telemetry, health endpoints, service discovery.</summary>
public static class ServiceDefaults
{
    private const string TunnelInstruments = "TunnelAspire.*";

    /// <summary>
    /// Lets whoever waits for a socket go on in the thread that saw it ready, without a detour over the thread pool: a byte passes
    /// each process with one wake-up. Nothing in the tunnel blocks a thread. To be called before the first socket is made.
    /// </summary>
    /// <param name="alone">
    /// The process has the machine's processors for itself, and a thread for each. Else it has half as many: its neighbours on a
    /// byte's way want processors too, and a session whose sockets belong to one thread costs a fifth less.
    /// </param>
    public static void InlineSockets(bool alone = false)
    {
        const string Threads = "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT";
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        if (Environment.GetEnvironmentVariable(Threads) is null)
        {
            int threads = alone ? Environment.ProcessorCount : Math.Max(1, Environment.ProcessorCount / 2);
            Environment.SetEnvironmentVariable(Threads, threads.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Registers the defaults. Works for web applications and for plain hosts.</summary>
    public static IHostApplicationBuilder AddServiceDefaults(this IHostApplicationBuilder builder)
    {
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        // Each does something only where such a system has started the process: it is told when the service is ready, and that it stops.
        builder.Services.AddSystemd().AddWindowsService();
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("System.Net.Http", LogLevel.Warning);

        // What these say at Error is an unready answer, or the one line with which a failed start ends.
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.Critical).AddFilter("Microsoft.Extensions.Hosting", LogLevel.Critical);

        // While this may log at all, the server makes an activity and a scope for each request.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddHostedService<MemoryReturn>();
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), tags: ["live"]);
        if (!string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            AddTelemetry(builder); // measuring for nobody would cost each request a tenth of its time
        }

        // No resilience handler: its blind retries and 10 s attempts would break the tunnel's requests, which are held open and repeated by offset.
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http => http.AddServiceDiscovery());
        return builder;
    }

    /// <summary>Maps <c>/health</c> (ready to serve) and <c>/alive</c> (the process answers); each names its checks.</summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.MapHealthChecks("/health", new HealthCheckOptions { ResponseWriter = WriteHealthAsync });
        app.MapHealthChecks("/alive", new HealthCheckOptions { Predicate = check => check.Tags.Contains("live"), ResponseWriter = WriteHealthAsync });
        return app;
    }

    private static void AddTelemetry(IHostApplicationBuilder builder)
    {
        builder.Logging.AddOpenTelemetry(logging => (logging.IncludeScopes, logging.IncludeFormattedMessage) = (true, true));
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddAttributes([new("process.pid", (long)Environment.ProcessId)]))
            .WithMetrics(metrics => metrics.AddMeter(TunnelInstruments).AddAspNetCoreInstrumentation().AddHttpClientInstrumentation().AddRuntimeInstrumentation())
            .WithTracing(traces => traces
                .AddSource(TunnelInstruments)
                .AddAspNetCoreInstrumentation(options => options.Filter = context => IsTraced(context.Request.Path))
                .AddHttpClientInstrumentation(options => options.FilterHttpRequestMessage = request => IsTraced(request.RequestUri?.AbsolutePath)))
            .UseOtlpExporter();
    }

    /// <summary>A session is one trace of a few spans, which its open begins; the requests that follow are none, nor are probes.</summary>
    private static bool IsTraced(string? path) =>
        path is null || !(path.Contains("/v1/sessions/", StringComparison.Ordinal) || path.Contains("/v1/path", StringComparison.Ordinal) || path is "/health" or "/alive");

    private static Task WriteHealthAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "application/json";
        HealthView view = new(
            report.Status.ToString(), report.Entries.ToDictionary(entry => entry.Key, entry => entry.Value.Description ?? entry.Value.Status.ToString()));
        return context.Response.WriteAsync(JsonSerializer.Serialize(view, HealthViews.Default.HealthView));
    }
}
