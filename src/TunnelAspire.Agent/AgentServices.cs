using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TunnelAspire.Agent.Control;
using TunnelAspire.Agent.Screen;
using TunnelAspire.Agent.Settings;
using TunnelAspire.Agent.Status;
using TunnelAspire.Agent.WaysIn;

namespace TunnelAspire.Agent;

/// <summary>Puts the agent into a host.</summary>
internal static class AgentServices
{
    /// <summary>Registers the agent, configured by section <c>Agent</c>.</summary>
    public static IHostApplicationBuilder AddAgent(this IHostApplicationBuilder builder)
    {
        builder.AddAgentOptions();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddMetrics();
        builder.Services.TryAddSingleton(new AgentRun { Lines = Console.Out });
        builder.Services.AddSingleton<AgentMetrics>();
        builder.Services.AddSingleton<LiveSessions>();
        builder.Services.AddSingleton<AgentService>();
        builder.Services.AddSingleton<StandardService>();
        builder.Services.AddHostedService(services => services.GetRequiredService<StandardService>());
        builder.Services.AddHostedService(services => services.GetRequiredService<AgentService>());
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        return builder;
    }

    /// <summary>Registers the agent as a program of its own: with its summary, its configuration file, its control socket and its live view.</summary>
    public static IHostApplicationBuilder AddAgentProgram(this IHostApplicationBuilder builder, AgentRun run)
    {
        builder.Services.AddSingleton(run);
        builder.Services.AddSingleton<EventLog>();
        builder.Services.AddSingleton<ILoggerProvider>(services => services.GetRequiredService<EventLog>());
        builder.Services.AddSingleton<AgentStatus>();
        builder.Services.AddSingleton<RunSummary>();
        builder.Services.AddSingleton<SettingsReload>();
        builder.Services.AddHostedService(services => services.GetRequiredService<RunSummary>()); // the first to start is the last to stop
        builder.AddAgent();
        builder.Services.AddHostedService<SettingsWatch>();
        builder.Services.AddHostedService<ControlService>();
        builder.Services.AddHostedService<LiveView>();
        return builder;
    }

    /// <summary>Registers section <c>Agent</c>.</summary>
    public static void AddAgentOptions(this IHostApplicationBuilder builder) =>
        builder.Services.AddOptionsWithValidateOnStart<AgentOptions, AgentOptionsValidator>().BindConfiguration(AgentOptions.Section);
}
