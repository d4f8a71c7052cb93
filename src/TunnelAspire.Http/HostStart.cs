using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using TunnelAspire.Http.Identity;
using TunnelAspire.Protocol.Sockets;

namespace TunnelAspire.Http;

/// <summary>How a service's process begins and ends.</summary>
public static class HostStart
{
    /// <summary>Else the framework watches all that is below the working directory, and every write there, be it of a log, wakes the process.</summary>
    private const string ReadSettingsOnce = "--hostBuilder:reloadConfigOnChange=false";

    /// <summary>Builds the host and runs it until it is told to stop. A start that fails says why in one line on standard error.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="register">Adds what the service consists of.</param>
    /// <param name="map">Maps its endpoints.</param>
    /// <param name="alone">It is all of the server's side: see <see cref="ServiceDefaults.InlineSockets"/>.</param>
    /// <returns>The exit code: 0 after a clean stop, 1 after a failure.</returns>
    public static async Task<int> RunAsync(string[] args, Action<WebApplicationBuilder> register, Action<WebApplication> map, bool alone = false)
    {
        try
        {
            ServiceDefaults.InlineSockets(alone);
            ReadySocket.RequireSettings();
            WebApplicationBuilder builder = WebApplication.CreateBuilder([ReadSettingsOnce, .. args]);
            builder.AddServiceDefaults();
            builder.AddWebServer();
            register(builder);

            await using WebApplication app = builder.Build();
            Callers.AskOnlyWhereNeeded(app);
            app.UseMiddleware<TunnelErrorMiddleware>();
            app.MapDefaultEndpoints();
            map(app);
            await app.RunAsync();
            return 0;
        }
        catch (Exception e) when (e is OptionsValidationException or FormatException or IOException or InvalidOperationException or ArgumentException)
        {
            await Console.Error.WriteLineAsync($"{AppDomain.CurrentDomain.FriendlyName}: {e.Message.Split('\n')[0].TrimEnd()}");
            return 1;
        }
    }
}
