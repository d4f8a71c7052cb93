using System.Text.Json;
using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.IntegrationTests.AgentProgram;

/// <summary>An agent that is a process of its own, with a configuration file and a control socket of the test's.</summary>
internal sealed class Agent : IAsyncDisposable
{
    private readonly Scratch _scratch = new();

    public Agent(string configuration, params string[] arguments)
    {
        Configure(configuration);
        Environment = new() { ["XDG_RUNTIME_DIR"] = _scratch.Folder, ["HOME"] = _scratch.Folder };
        Process = ChildProcess.Start(Program, ["connect", "--config", File, .. arguments], Environment);
    }

    public static string Program { get; } = Installed.Built("TunnelAspire.Agent", "tunnel");

    public ChildProcess Process { get; }

    public string File => _scratch.File("tunnel.json");

    public string Socket => _scratch.File($"tunnel-{Process.Id}.sock");

    public Dictionary<string, string> Environment { get; }

    /// <summary>Replaces the file's content by a rename: nobody sees half of it.</summary>
    public void Configure(string configuration)
    {
        System.IO.File.WriteAllText(_scratch.File("next.json"), configuration);
        System.IO.File.Move(_scratch.File("next.json"), File, overwrite: true);
    }

    /// <summary>Runs <c>tunnel</c> with these arguments, where this agent is the one that runs; returns its exit code and what it printed.</summary>
    public async Task<(int Code, string Output)> TunnelAsync(params string[] arguments)
    {
        await using ChildProcess tunnel = ChildProcess.Start(Program, arguments, Environment);
        return (await tunnel.ExitAsync(TimeSpan.FromSeconds(30)), tunnel.Output);
    }

    /// <summary>What <c>tunnel status --json</c> says.</summary>
    public async Task<JsonElement> StatusAsync()
    {
        (int code, string output) = await TunnelAsync("status", "--json");
        return code == 0 ? JsonDocument.Parse(output).RootElement : throw new InvalidOperationException($"exit code {code}: {output}");
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        _scratch.Dispose();
    }
}
