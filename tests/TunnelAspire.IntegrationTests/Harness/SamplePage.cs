using System.Text.RegularExpressions;

namespace TunnelAspire.IntegrationTests.Harness;

/// <summary>A page of samples/ways-in, whose commands are run as they stand there, but for the names that stand for the reader's own.</summary>
public static partial class SamplePage
{
    /// <summary>Runs the page's commands; returns what they print. Fails unless every command succeeds.</summary>
    /// <param name="page">Name of the file.</param>
    /// <param name="server">What <c>https://tunnel.example</c> stands for.</param>
    /// <param name="names">What the page's other names stand for.</param>
    /// <param name="environment">For the commands.</param>
    public static async Task<string> RunAsync(string page, string server, Dictionary<string, string> names, Dictionary<string, string>? environment = null)
    {
        string text = await File.ReadAllTextAsync(Path.Combine(Installed.Root, "samples", "ways-in", page));
        string commands = string.Concat(Block().Matches(text).Select(match => match.Groups["commands"].Value));
        names["https://tunnel.example"] = server;
        foreach ((string name, string meant) in names)
        {
            commands = commands.Contains(name, StringComparison.Ordinal)
                ? commands.Replace(name, meant, StringComparison.Ordinal)
                : throw new InvalidOperationException($"{page} does not name {name}");
        }

        using Scratch scratch = new();
        string script = scratch.Write("commands.sh", $"""
            set -euo pipefail
            cd '{scratch.Folder}'
            trap 'agents=$(jobs -p); [ -z "$agents" ] || kill $agents' EXIT
            {AwaitAgents(commands)}
            """);
        await using ChildProcess bash = ChildProcess.Start("bash", [script], new Dictionary<string, string>(environment ?? [])
        {
            ["HOME"] = scratch.Folder,
            ["PATH"] = $"{Path.GetDirectoryName(Installed.Built("TunnelAspire.Agent", "tunnel"))}:{Environment.GetEnvironmentVariable("PATH")}",
            ["NO_PROXY"] = "",
            ["no_proxy"] = "",
        });
        int code = await bash.ExitAsync(TimeSpan.FromMinutes(2));
        return code == 0 ? bash.Output : throw new InvalidOperationException($"exit code {code} of\n{commands}\n{bash.Output}");
    }

    /// <summary>A reader sees the agent's line before going on; a script has to wait for it.</summary>
    private static string AwaitAgents(string commands)
    {
        int agents = 0;
        return AgentInTheBackground().Replace(commands, agent => $"{agent.Groups["command"].Value} > {++agents}.log &\nuntil grep -qs ' through ' {agents}.log; do sleep 0.1; done\n");
    }

    [GeneratedRegex("^(?<command>tunnel .*) &\n", RegexOptions.Multiline)]
    private static partial Regex AgentInTheBackground();

    /// <summary>Raw format: a fenced block whose info string is <c>bash session</c>.</summary>
    [GeneratedRegex(@"^```bash session\n(?<commands>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
