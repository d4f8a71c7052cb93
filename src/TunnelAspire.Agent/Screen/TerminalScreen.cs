using System.Runtime.InteropServices;
using Spectre.Console;

namespace TunnelAspire.Agent.Screen;

/// <summary>The terminal's second screen: what is shown there leaves no trace when it is left.</summary>
internal sealed class TerminalScreen(TextWriter terminal)
{
    private const string Enter = "\e[?1049h\e[?25l\e[2J";
    private const string Leave = "\e[?25h\e[?1049l";
    private const string ToRest = "\e[K\r\n";
    private const string Clear = "\e[2J";
    private const int Output = 1;

    private readonly ScreenWriter _writer = new(styled: true);
    private readonly TerminalEcho _echo = new();
    private (int, int) _size;
    private bool _entered;
    private string _shown = "";

    /// <summary>Whether standard output and standard error are a terminal that can show it, and this program may write to it now.</summary>
    public static bool IsThere =>
        !Console.IsOutputRedirected && !Console.IsErrorRedirected && AnsiConsole.Profile.Capabilities.Ansi && Environment.GetEnvironmentVariable("TERM") is not "dumb" && IsInForeground;

    /// <summary>Columns and lines.</summary>
    public static (int Width, int Height) Size => (Math.Max(20, Console.WindowWidth), Math.Max(5, Console.WindowHeight));

    /// <summary>Whether the shell has this program in the foreground: one in the background does not write over others.</summary>
    private static bool IsInForeground => OperatingSystem.IsWindows() || ForegroundGroup(Output) == OwnGroup();

    /// <summary>Shows the lines in place of those that are there, if they differ.</summary>
    public void Show(IReadOnlyList<ScreenLine> lines, (int Width, int Height) size)
    {
        if (!IsInForeground)
        {
            _shown = "";
            return;
        }

        string text = _writer.Text(lines, ToRest);
        if (_entered && text == _shown && size == _size)
        {
            return;
        }

        if (!_entered)
        {
            _echo.Off();
        }

        string begin = !_entered ? Enter : size != _size ? Clear : "";
        (_entered, _shown, _size) = (true, text, size);
        terminal.Write($"{begin}\e[H{text[..^ToRest.Length]}\e[K\e[J");
        terminal.Flush();
    }

    /// <summary>Gives the first screen back.</summary>
    public void Close()
    {
        if (_entered)
        {
            _entered = false;
            terminal.Write(Leave);
            terminal.Flush();
            _echo.Restore();
        }
    }

    [DllImport("libc", EntryPoint = "tcgetpgrp")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ForegroundGroup(int descriptor);

    [DllImport("libc", EntryPoint = "getpgrp")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int OwnGroup();
}
