using Microsoft.Extensions.Logging;

namespace TunnelAspire.Agent.Sessions;

internal sealed partial class Carriage
{
    [LoggerMessage(1000, LogLevel.Debug, "Session {Session} to {Target} opened at {Connector} for {Client}")]
    private partial void LogOpened(string session, string target, string connector, string client);

    [LoggerMessage(1001, LogLevel.Debug, "Session {Session}: {BytesUp} bytes up, {BytesDown} down, {BytesResent} sent again")]
    private partial void LogCarried(string session, long bytesUp, long bytesDown, long bytesResent);

    [LoggerMessage(1002, LogLevel.Debug, "Connection of {Client} to {Target} ended: {Reason}")]
    private partial void LogEnded(string client, string target, string reason);

    [LoggerMessage(1003, LogLevel.Warning, "Connection of {Client} to {Target} reset: {Reason}: {Detail}")]
    private partial void LogBroken(string client, string target, string reason, string detail);

    [LoggerMessage(1004, LogLevel.Debug, "Session {Session} tries again: {Detail}")]
    private partial void LogRetry(string session, string detail);
}
