using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;

namespace TunnelAspire.Http;

/// <summary>How a service's process ends.</summary>
public static class HostStart
{
    /// <summary>Runs until told to stop. A start that fails says why in one line on standard error.</summary>
    /// <returns>The exit code: 0 after a clean stop, 1 after a failure.</returns>
    public static async Task<int> RunOrExplainAsync(this WebApplication app)
    {
        try
        {
            await app.RunAsync();
            return 0;
        }
        catch (Exception e) when (e is OptionsValidationException or FormatException or IOException or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync($"{AppDomain.CurrentDomain.FriendlyName}: {e.Message}");
            return 1;
        }
    }
}
