using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace TunnelAspire.Agent.Commands;

/// <summary>The log of <c>--log json</c>: one object a line, on standard error.</summary>
internal static class JsonLog
{
    /// <summary>Logs in this way.</summary>
    public static ILoggingBuilder AddJsonLog(this ILoggingBuilder logging) => logging
        .AddToStandardError()
        .AddJsonConsole(console => (console.UseUtcTimestamp, console.TimestampFormat) = (true, "yyyy-MM-ddTHH:mm:ss.fffZ"));

    /// <summary>Standard output is for the lines that a script waits for.</summary>
    public static ILoggingBuilder AddToStandardError(this ILoggingBuilder logging)
    {
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        return logging;
    }
}
