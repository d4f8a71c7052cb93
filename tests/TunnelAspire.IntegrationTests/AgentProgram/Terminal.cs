using System.Globalization;
using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.IntegrationTests.AgentProgram;

/// <summary>A terminal of a given size, in which a command runs: what a person would see there. It is tmux's.</summary>
internal sealed class Terminal : IAsyncDisposable
{
    private readonly Scratch _scratch = new();
    private readonly ChildProcess _server;

    private Terminal(IReadOnlyDictionary<string, string>? environment) =>
        _server = ChildProcess.Start("tmux", ["-u", "-S", Socket, "-f", "/dev/null", "-D"], environment);

    private string Socket => _scratch.File("tmux");

    public static async Task<Terminal> StartAsync(int columns, int lines, string command, IReadOnlyDictionary<string, string>? environment = null)
    {
        Terminal terminal = new(environment);
        string script = terminal._scratch.Write("command", $"{command}\necho exit code $?\nexec sleep 600\n");
        await Waiting.UntilAsync(() => terminal.TryTmuxAsync("new-session", "-d", "-x", Number(columns), "-y", Number(lines), $"bash '{script}'"), "tmux has started");
        return terminal;
    }

    /// <summary>The lines that it shows.</summary>
    public async Task<string[]> ScreenAsync() => (await TmuxAsync("capture-pane", "-p")).Split('\n');

    /// <summary>The lines, once one of them contains the text.</summary>
    public async Task<string[]> ScreenAsync(string text)
    {
        string[] screen = [];
        await Waiting.UntilAsync(
            async () => (screen = await ScreenAsync()).Any(line => line.Contains(text, StringComparison.Ordinal)),
            $"'{text}' on the screen");
        return screen;
    }

    public Task ResizeAsync(int columns, int lines) => TmuxAsync("resize-window", "-x", Number(columns), "-y", Number(lines));

    public Task PressAsync(string key) => TmuxAsync("send-keys", key);

    /// <summary>One of tmux's values for the terminal, such as <c>cursor_flag</c>.</summary>
    public Task<string> ValueAsync(string name) => TmuxAsync("display-message", "-p", $"#{{{name}}}");

    public async ValueTask DisposeAsync()
    {
        await TryTmuxAsync("kill-server");
        await _server.DisposeAsync();
        _scratch.Dispose();
    }

    private Task<string> TmuxAsync(params string[] arguments) => ChildProcess.RunAsync("tmux", ["-u", "-S", Socket, .. arguments]);

    private async Task<bool> TryTmuxAsync(params string[] arguments)
    {
        await using ChildProcess tmux = ChildProcess.Start("tmux", ["-u", "-S", Socket, .. arguments]);
        return await tmux.ExitAsync(TimeSpan.FromSeconds(20)) == 0;
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
