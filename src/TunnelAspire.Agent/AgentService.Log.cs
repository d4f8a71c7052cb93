using Microsoft.Extensions.Logging;

namespace TunnelAspire.Agent;

internal sealed partial class AgentService
{
    [LoggerMessage(1030, LogLevel.Debug, "Takes connections: {Forward} through {Server}")]
    private partial void LogListening(string forward, string server);

    [LoggerMessage(1031, LogLevel.Information, "Takes no more connections: {Forward}; {Sessions} are left")]
    private partial void LogClosed(string forward, int sessions);
}
