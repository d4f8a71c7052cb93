using System.Text.RegularExpressions;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.CommandLine;

/// <summary><c>tunnel doctor</c> as a person sees it: colours and columns in a terminal, neither in one that can do nothing, nor in a pipe.</summary>
public sealed partial class DoctorTerminalTests
{
    private const int Columns = 60;
    private const char Escape = '\u001b';

    [Fact]
    public async Task Terminal_HasColours_AndLinesThatFitIt()
    {
        string output = await InTerminalAsync("xterm-256color");
        Assert.Contains($"{Escape}[", output, StringComparison.Ordinal);
        string[] lines = [.. Sequence().Replace(output, "").Split('\n').Select(line => line.TrimEnd('\r').Split('\r')[^1].TrimEnd())];
        Assert.All(lines, line => Assert.True(line.Length <= Columns, $"{line.Length} columns: '{line}'"));
        Assert.Contains(lines, line => line.Contains("127.0.0.1 port 1: Connection refused", StringComparison.Ordinal));
        Assert.Contains("Not usable: nobody accepts connections at 127.0.0.1:1.", lines);
    }

    [Fact]
    public async Task Terminal_WithoutEscapeSequences_GetsPlainText()
    {
        string output = await InTerminalAsync("dumb");
        Assert.DoesNotContain(Escape, output);
        Assert.Contains("bad   TCP              127.0.0.1 port 1: Connection refused", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pipe_GetsPlainText()
    {
        Examined examined = await Examined.RunAsync(["http://127.0.0.1:1"], new() { ["TERM"] = "xterm-256color" });
        Assert.All(examined.Output, c => Assert.True(c is '\n' or (>= ' ' and <= '~'), $"'{c}' (U+{(int)c:X4}) in a pipe"));
    }

    private static async Task<string> InTerminalAsync(string kind)
    {
        string tunnel = Installed.Built("TunnelAspire.Agent", "tunnel");
        await using ChildProcess terminal = ChildProcess.Start(
            "script", ["-qec", $"stty cols {Columns} rows 40; '{tunnel}' doctor http://127.0.0.1:1", "/dev/null"], new Dictionary<string, string> { ["TERM"] = kind });
        Assert.Equal(1, await terminal.ExitAsync(TimeSpan.FromSeconds(30)));
        return terminal.Output;
    }

    [GeneratedRegex(@"\u001b\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Sequence();
}
