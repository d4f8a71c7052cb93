using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using TunnelAspire.Agent.Http;
using TunnelAspire.Agent.Paths;
using TunnelAspire.Agent.Sessions;
using TunnelAspire.Agent.WaysIn;

namespace TunnelAspire.Agent;

/// <summary>Puts the agent into a host.</summary>
public static class AgentServices
{
    /// <summary>Registers the agent, configured by section <c>Agent</c>.</summary>
    public static IHostApplicationBuilder AddAgent(this IHostApplicationBuilder builder)
    {
        builder.AddAgentOptions();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<AgentMetrics>();
        builder.Services.AddSingleton(services => new TunnelServer(services.GetRequiredService<IOptions<AgentOptions>>().Value));
        builder.Services.AddSingleton<SessionOpener>();
        builder.Services.AddSingleton<PathProbe>();
        builder.Services.AddSingleton<PathModes>();
        builder.Services.AddSingleton<AgentService>();
        builder.Services.AddSingleton<StandardService>();
        builder.Services.AddHostedService(services => services.GetRequiredService<StandardService>());
        builder.Services.AddHostedService(services => services.GetRequiredService<AgentService>());
        builder.Services.AddHostedService<PathWatch>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        return builder;
    }

    /// <summary>Registers section <c>Agent</c>.</summary>
    internal static void AddAgentOptions(this IHostApplicationBuilder builder) =>
        builder.Services.AddOptionsWithValidateOnStart<AgentOptions, AgentOptionsValidator>().BindConfiguration(AgentOptions.Section);
}
