using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace TunnelAspire.Agent.Settings;

/// <summary>Reads the settings again and goes over to them; what cannot be used changes nothing.</summary>
internal sealed partial class SettingsReload(
    AgentRun run, IConfiguration configuration, IOptionsFactory<AgentOptions> options, IOptions<AgentOptions> first, AgentService agent, ILogger<SettingsReload> logger) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private volatile byte[] _tried = run.Settings?.Text.Bytes ?? [];

    /// <summary>Whether the file's content is the one that was read last, be it used or not.</summary>
    public bool Knows(ReadOnlySpan<byte> content) => content.SequenceEqual(_tried);

    /// <summary>Reads the configuration file and goes by it.</summary>
    /// <param name="why">What has given cause to it, for the log.</param>
    /// <param name="cancellationToken">Ends the wait for another reload that is under way.</param>
    /// <exception cref="FormatException">The file, or what it says, cannot be used; the message says where it is wrong.</exception>
    public async Task<ReloadReport> ReloadAsync(string why, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            SettingsFile file = run.Settings ?? throw new FormatException("there is no configuration file to read again: give --config FILE when the agent is started");
            ReloadReport report = await GoOverAsync(file, file.Read(tried => _tried = tried));
            LogReloaded(why, report.ToString());
            return report;
        }
        catch (FormatException e)
        {
            LogRefused(why, e.Message);
            throw;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private async Task<ReloadReport> GoOverAsync(SettingsFile file, SettingsText text)
    {
        SettingsText former = file.Text;
        try
        {
            file.Use(text);
            SettingsSchema.Root.Of(AgentOptions.Section)!.Check(configuration.GetSection(AgentOptions.Section));
            AgentOptions changed = options.Create(Options.DefaultName);
            changed.Check();
            ReloadReport report = await agent.ApplyAsync(changed);
            return report with { AfterRestart = [.. AfterRestart(first.Value, changed)] };
        }
        catch (Exception e) when (e is FormatException or OptionsValidationException or InvalidOperationException or IOException)
        {
            file.Use(former);
            throw new FormatException(text.Locate(e), e);
        }
    }

    private static IEnumerable<string> AfterRestart(AgentOptions now, AgentOptions changed)
    {
        if (now.Standard != changed.Standard)
        {
            yield return "Agent:Standard";
        }

        if (now.Control != changed.Control)
        {
            yield return "Agent:Control";
        }
    }

    [LoggerMessage(1032, LogLevel.Information, "Configuration read again ({Why}): {Outcome}")]
    private partial void LogReloaded(string why, string outcome);

    [LoggerMessage(1033, LogLevel.Error, "The configuration cannot be used ({Why}), the former one still is: {Detail}")]
    private partial void LogRefused(string why, string detail);
}
