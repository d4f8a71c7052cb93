namespace TunnelAspire.Benchmarks.Load;

/// <summary>The target as a process of its own. Its first line is <c>ok</c> and its port; it ends when its standard input does.</summary>
internal static class TargetProgram
{
    /// <summary>Serves until whoever started it has gone.</summary>
    public static int Run()
    {
        using Target target = new();
        new Thread(target.Run) { IsBackground = true }.Start();
        Console.WriteLine($"ok {target.Port}");
        Console.In.ReadToEnd();
        return 0;
    }
}
