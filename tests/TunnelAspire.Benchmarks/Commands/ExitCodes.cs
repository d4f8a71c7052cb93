namespace TunnelAspire.Benchmarks.Commands;

/// <summary>What the program ends with.</summary>
internal static class ExitCodes
{
    public const int Success = 0;
    public const int Failure = 1;
    public const int WrongUsage = 2;

    /// <summary>Says why, and returns the code.</summary>
    public static int Fail(int code, string message)
    {
        Console.Error.WriteLine($"benchmarks: {message}");
        return code;
    }
}
