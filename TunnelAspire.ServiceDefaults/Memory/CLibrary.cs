using System.Runtime.InteropServices;

namespace TunnelAspire.Memory;

/// <summary>The memory that the runtime's own code has of the C library: for the compiler, for exceptions. What was freed stays with the process.</summary>
internal static partial class CLibrary
{
    /// <summary>Gives back to the system what has been freed (malloc_trim(3)); only glibc can.</summary>
    public static void Trim()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            _ = TrimHeap(0);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library, as Alpine's: it gives back by itself, or not at all.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int TrimHeap(nuint left);
}
