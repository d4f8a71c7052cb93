using Microsoft.Extensions.Logging;

namespace TunnelAspire.Agent.Commands;

/// <summary>How the command ends.</summary>
internal static partial class ExitCodes
{
    /// <summary>A clean stop.</summary>
    public const int Success = 0;

    /// <summary>It failed, though it was asked rightly.</summary>
    public const int Failure = 1;

    /// <summary>It was asked wrongly.</summary>
    public const int WrongUsage = 2;

    /// <summary>Says why, in one line on standard error; returns the code.</summary>
    /// <param name="code">The code.</param>
    /// <param name="why">Why.</param>
    /// <param name="json">Whether the line is to be an object of the log, for whoever reads nothing else there.</param>
    public static int Fail(int code, string why, bool json = false)
    {
        if (json)
        {
            using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddJsonLog());
            LogFailed(loggers.CreateLogger("TunnelAspire.Agent"), code, why);
        }
        else
        {
            Console.Error.WriteLine($"tunnel: {why.ReplaceLineEndings(" ")}");
        }

        return code;
    }

    [LoggerMessage(1037, LogLevel.Error, "The agent ends with exit code {Code}: {Reason}")]
    private static partial void LogFailed(ILogger logger, int code, string reason);
}
