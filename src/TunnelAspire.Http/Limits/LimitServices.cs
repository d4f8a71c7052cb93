using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using TunnelAspire.Http.Audit;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Http.Limits;

/// <summary>Puts the limits into a host. Relay, connector and web server all ask for them; a process has them once.</summary>
public static class LimitServices
{
    /// <summary>Registers the limits.</summary>
    public static void AddLimits(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(RequestLimits)))
        {
            return;
        }

        builder.Services.AddOptionsWithValidateOnStart<LimitOptions, LimitOptionsValidator>().BindConfiguration(LimitOptions.Section);
        builder.Services.AddSingleton<LimitMetrics>();
        builder.Services.AddSingleton<RequestLimits>();
        builder.Services.AddSingleton<ConnectionLimits>();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton(new AgentAddress([])); // a relay may trust proxies
        builder.Services.AddSingleton<OpenRefusals>();
        builder.Services.TryAddSingleton(services => Budget(services.GetRequiredService<IOptions<LimitOptions>>().Value));
    }

    private static StreamBudget Budget(LimitOptions options) =>
        new(options.BufferBytes > 0 ? options.BufferBytes : StreamBudget.DefaultBytes, options.MaxParked, options.MaxParkedPerSession);
}
