using System.Text.Json;
using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.IntegrationTests.CommandLine;

/// <summary>One run of <c>tunnel doctor</c>, its output piped: how it ended, and what it printed.</summary>
internal sealed record Examined(int ExitCode, string Output)
{
    /// <summary>The document of a run with <c>--json</c>.</summary>
    public JsonElement Json
    {
        get
        {
            using JsonDocument document = JsonDocument.Parse(Output);
            return document.RootElement.Clone();
        }
    }

    public static Task<Examined> RunAsync(params string[] arguments) => RunAsync(arguments, []);

    public static async Task<Examined> RunAsync(string[] arguments, Dictionary<string, string> environment)
    {
        await using ChildProcess doctor = ChildProcess.Start(Installed.Built("TunnelAspire.Agent", "tunnel"), ["doctor", .. arguments], environment);
        int code = await doctor.ExitAsync(TimeSpan.FromMinutes(2));
        return new Examined(code, doctor.Output);
    }
}
