namespace TunnelAspire.Agent.Commands;

/// <summary>How the command ends.</summary>
internal static class ExitCodes
{
    /// <summary>A clean stop.</summary>
    public const int Success = 0;

    /// <summary>It failed, though it was asked rightly.</summary>
    public const int Failure = 1;

    /// <summary>It was asked wrongly.</summary>
    public const int WrongUsage = 2;

    /// <summary>Says why, in one line on standard error; returns the code.</summary>
    public static int Fail(int code, string why)
    {
        Console.Error.WriteLine($"tunnel: {why}");
        return code;
    }
}
