using TunnelAspire.Agent.Settings;

namespace TunnelAspire.Agent;

/// <summary>What is settled when the agent is started, and stays so until it ends.</summary>
internal sealed class AgentRun
{
    /// <summary>The configuration file that it goes by; null: none.</summary>
    public SettingsFile? Settings { get; init; }

    /// <summary>Where lines go that a script waits for: one for each way in that takes connections.</summary>
    public required TextWriter Lines { get; init; }

    /// <summary>Whether it carries standard input and output, and nothing else is to come of it.</summary>
    public bool Standard { get; init; }

    /// <summary>Whether somebody at a terminal has started it.</summary>
    public bool OnTerminal { get; init; }

    /// <summary>Whether the live view is shown, and not lines.</summary>
    public bool Live { get; init; }

    /// <summary>Its control socket, once it listens; null: none.</summary>
    public string? ControlSocket { get; set; }
}
