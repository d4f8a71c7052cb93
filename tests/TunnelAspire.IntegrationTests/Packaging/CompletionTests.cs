using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Packaging;

/// <summary>Keys that are typed at a shell's prompt, in a terminal: what <c>tunnel completion</c> printed completes them.</summary>
public sealed class CompletionTests
{
    private const string Bash = "bash --norc -i";
    private const string Zsh = "zsh -f -i";
    private const string ZshStart = "autoload -U compinit; compinit -D -u\n";

    [Theory]
    [InlineData(Bash, "", "bash")]
    [InlineData(Zsh, ZshStart, "zsh")]
    public async Task Shell_Tab_CompletesCommandsOptionsAndValues(string shell, string start, string name)
    {
        string printed = await TypeAsync(shell, $"{start}source <(tunnel completion {name})\ntunnel compl\tbash | head -1\ntunnel connect ftp://x -L 1:a:1 --mo\tst\t\n");
        Assert.Contains("# bash completion for tunnel", printed, StringComparison.Ordinal); // 'tunnel completion bash' was run
        Assert.Contains("the server 'ftp://x' is not", printed, StringComparison.Ordinal); // and '--mode stream' understood
    }

    [Theory]
    [InlineData(Bash, "", "bash")]
    [InlineData(Zsh, ZshStart, "zsh")]
    public async Task Shell_TabWhereAFileIsMeant_CompletesItsName(string shell, string start, string name)
    {
        using Scratch scratch = new();
        scratch.Write("only-one.json", "no JSON");
        string printed = await TypeAsync(shell, $"{start}source <(tunnel completion {name})\ncd {scratch.Folder}\ntunnel connect --config on\t\n");
        Assert.Contains("only-one.json", printed.Replace("--config on\t", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("tunnel: ", printed, StringComparison.Ordinal);
        Assert.DoesNotContain("'on'", printed, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "connect", "doctor", "completion")]
    [InlineData(" con", "connect")]
    [InlineData(" connect --mode ", "auto", "burst", "poll", "stream")]
    [InlineData(" connect http://server -L 1:a:1 --proxy-", "--proxy-user")]
    public async Task Complete_SaysWhatMayComeNext(string line, params string[] expected)
    {
        string[] words = [.. (await ChildProcess.RunAsync(Installed.Built("TunnelAspire.Agent", "tunnel"), "complete", "--", line)).Split('\n').Select(row => row.Split('\t')[0])];
        Assert.Subset(words.ToHashSet(), expected.ToHashSet());
        Assert.DoesNotContain("man", words); // hidden
    }

    private static async Task<string> TypeAsync(string shell, string keys)
    {
        using Scratch scratch = new();
        string typed = scratch.Write("keys", keys + "exit\n");
        string folder = Path.GetDirectoryName(Installed.Built("TunnelAspire.Agent", "tunnel"))!;
        await using ChildProcess terminal = ChildProcess.Start(
            "bash",
            ["-c", $"exec script -qec '{shell}' /dev/null < '{typed}'"],
            new Dictionary<string, string> { ["PATH"] = $"{folder}:{Environment.GetEnvironmentVariable("PATH")}", ["TERM"] = "dumb", ["HOME"] = scratch.Folder, ["COLUMNS"] = "200" });
        await terminal.ExitAsync(TimeSpan.FromSeconds(60));
        return terminal.Output;
    }
}
