using System.Runtime.InteropServices;

namespace TunnelAspire.Agent.Screen;

/// <summary>The terminal's showing of what is typed. Beside a view that reads no keys it would stand across the view.</summary>
/// <remarks>The raw format is libc's <c>struct termios</c>: four flag words, the fourth of which is <c>c_lflag</c>; on macOS a word has 8 bytes, else 4.</remarks>
internal sealed class TerminalEcho
{
    private const int Output = 1;
    private const int Now = 0; // TCSANOW
    private const int Flush = 2; // TCSAFLUSH: what has been typed and not read is dropped
    private const int Echo = 8; // ECHO
    private const int Room = 256; // bytes: the structure has up to 72
    private static readonly int LocalFlags = OperatingSystem.IsMacOS() ? 24 : 12; // byte offset

    private byte[]? _former;

    /// <summary>Turns it off, if this is a terminal that has it.</summary>
    public void Off()
    {
        byte[] settings = new byte[Room];
        if (_former is not null || OperatingSystem.IsWindows() || Get(Output, settings) != 0)
        {
            return;
        }

        _former = [.. settings];
        MemoryMarshal.Cast<byte, int>(settings.AsSpan())[LocalFlags / sizeof(int)] &= ~Echo;
        _ = Set(Output, Now, settings);
    }

    /// <summary>Makes it as it was. What has been typed meanwhile was meant for nobody: the shell is not to take it for a command.</summary>
    public void Restore()
    {
        if (_former is { } former)
        {
            _former = null;
            _ = Set(Output, Flush, former);
        }
    }

    [DllImport("libc", EntryPoint = "tcgetattr")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Get(int descriptor, byte[] settings);

    [DllImport("libc", EntryPoint = "tcsetattr")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Set(int descriptor, int when, byte[] settings);
}
