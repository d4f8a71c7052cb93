namespace TunnelAspire.Connector.Audit;

internal sealed partial class AuditService
{
    [LoggerMessage(2120, LogLevel.Information, "Session {Session} opened: {Caller} at {Agent} to {Target} at {Address}; connector {Connector}, relay {Relay}, rule {Rule}")]
    private static partial void LogOpened(
        ILogger log, string? session, string? caller, string? agent, string? target, string? address, string? connector, string? relay, string? rule);

    [LoggerMessage(2121, LogLevel.Information, "Session {Session} not opened: {Caller} at {Agent} to {Target}; connector {Connector}, relay {Relay}; {Decision}, rule {Rule}; {Error}: {Detail}")]
    private static partial void LogNotOpened(
        ILogger log, string? session, string? caller, string? agent, string? target, string? connector, string? relay, string? decision, string? rule, string? error, string? detail);

    [LoggerMessage(2122, LogLevel.Information, "Session {Session} ended: {Caller} at {Agent} to {Target} at {Address}; connector {Connector}, rule {Rule}; {Reason}, {BytesUp} bytes up, {BytesDown} down, {Seconds} s")]
    private static partial void LogEnded(
        ILogger log,
        string? session,
        string? caller,
        string? agent,
        string? target,
        string? address,
        string? connector,
        string? rule,
        string? reason,
        long? bytesUp,
        long? bytesDown,
        double? seconds);

    [LoggerMessage(2130, LogLevel.Warning, "{Dropped} audit records have been dropped: they came faster than they can be written")]
    private partial void LogDropped(long dropped);

    [LoggerMessage(2131, LogLevel.Error, "The audit file '{File}' cannot be written: {Detail}. Sessions go on; their records are in the log")]
    private partial void LogFileFails(string file, string detail);

    [LoggerMessage(2132, LogLevel.Information, "The audit file '{File}' can be written again; {Missing} records are missing in it")]
    private partial void LogFileBack(string file, long missing);
}
