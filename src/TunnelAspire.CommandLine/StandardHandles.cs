using System.Runtime.InteropServices;

namespace TunnelAspire.CommandLine;

/// <summary>
/// Standard streams that were closed when the program was started (<c>&lt;&amp;-</c>). Their numbers go to files and sockets that the
/// program opens for itself: what it says would get into them, and what they hold would be taken for what somebody says.
/// </summary>
public static class StandardHandles
{
    /// <summary>Standard input.</summary>
    public const int Input = 0;

    /// <summary>Standard output.</summary>
    public const int Output = 1;

    private const int Error = 2;
    private const int GetFlags = 1; // F_GETFD

    /// <summary>Drops what is said to streams that were closed. To be called before anything is said.</summary>
    public static void Guard()
    {
        if (IsClosed(Output))
        {
            Console.SetOut(TextWriter.Null);
        }

        if (IsClosed(Error))
        {
            Console.SetError(TextWriter.Null);
        }
    }

    /// <summary>Whether it was closed. What a program inherits stays open when another takes its place (no <c>FD_CLOEXEC</c>); what the runtime opens does not.</summary>
    public static bool IsClosed(int descriptor) => !OperatingSystem.IsWindows() && Control(descriptor, GetFlags) != 0;

    [DllImport("libc", EntryPoint = "fcntl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Control(int descriptor, int command);
}
