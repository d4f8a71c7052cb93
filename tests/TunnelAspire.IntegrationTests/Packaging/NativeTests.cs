using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using TunnelAspire.IntegrationTests.Harness;
using TunnelAspire.IntegrationTests.Survival;
using Xunit;

namespace TunnelAspire.IntegrationTests.Packaging;

/// <summary>The agent as native code: published once, small, quick to start, and as good as the other at what it does.</summary>
public sealed class NativeTests(NativeAgent native) : IClassFixture<NativeAgent>
{
    private const int Sessions = 100;

    [Fact]
    public void Program_IsOneFile_MadeWithoutAWarning()
    {
        Assert.DoesNotContain("warning", native.Log, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(["tunnel"], Directory.GetFileSystemEntries(native.Folder).Select(Path.GetFileName));
        Assert.InRange(new FileInfo(native.Program).Length, 1, 25_000_000);
    }

    /// <summary>The best of several: what the machine is busy with is not the program's.</summary>
    [Fact]
    public async Task Program_IsQuick()
    {
        Assert.InRange(await BestAsync(() => ChildProcess.RunAsync(native.Program, "--help")), 0, 50);
        Assert.InRange(await BestAsync(async () =>
        {
            await using ChildProcess agent = ChildProcess.Start(native.Program, ["connect", "http://127.0.0.1:1", "-L", "0:localhost:1"]);
            await agent.LineAsync("forwarding ");
            return agent.Output;
        }), 0, 150);
    }

    [Fact]
    public async Task Agent_CarriesBothWays_AndAHundredIdleSessionsInLittleMemory()
    {
        string server = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Loopback.FreePort()}");
        await using Node node = await Node.StartAsync(null, "--urls", server);
        (ChildProcess agent, int port) = await node.StartAgentAsync(native.Program, server, null, []);
        List<Socket> sockets = [];
        for (int i = 0; i < Sessions; i++)
        {
            (Socket client, Socket target) = await node.ConnectAsync(port);
            sockets.AddRange([client, target]);
            await agent.LineAsync("Path: send "); // the first session measures the path, and the others follow
        }

        Assert.InRange(ResidentBytes(agent), 1, 40_000_000);
        await new BothWays(sockets[0], sockets[1], 20 * 1024 * 1024).RunAsync(_ => Task.CompletedTask);
        sockets.ForEach(socket => socket.Dispose());
        agent.Signal(ChildProcess.SigTerm);
        Assert.Equal(0, await agent.ExitAsync(TimeSpan.FromSeconds(10)));
    }

    /// <summary>What reads and writes by generated code: configuration, its checks, JSON.</summary>
    [Fact]
    public async Task Program_UnderstandsSettings_AndWritesJson()
    {
        await using ChildProcess refused = ChildProcess.Start(
            native.Program, ["connect", "http://127.0.0.1:1", "-L", "0:localhost:1"], new Dictionary<string, string> { ["Agent__OpenTimeout"] = "00:20:00" });
        Assert.Equal(2, await refused.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains("OpenTimeout must be 00:00:01 to 00:10:00", refused.Output, StringComparison.Ordinal);

        await using ChildProcess doctor = ChildProcess.Start(native.Program, ["doctor", "http://127.0.0.1:1", "--json"]);
        Assert.Equal(1, await doctor.ExitAsync(TimeSpan.FromSeconds(20)));
        using JsonDocument diagnosis = JsonDocument.Parse(doctor.Output);
        Assert.False(diagnosis.RootElement.GetProperty("usable").GetBoolean());
    }

    private static long ResidentBytes(ChildProcess process)
    {
        using Process found = Process.GetProcessById(process.Id);
        return found.WorkingSet64;
    }

    private static async Task<double> BestAsync(Func<Task<string>> run)
    {
        double best = double.MaxValue;
        for (int i = 0; i < 10; i++)
        {
            long begun = Stopwatch.GetTimestamp();
            await run();
            best = Math.Min(best, Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }

        return best;
    }
}

/// <summary>The agent, published as the documents say, into a folder of its own.</summary>
public sealed class NativeAgent : IAsyncLifetime
{
    private readonly Scratch _scratch = new();

    /// <summary>What was published.</summary>
    public string Folder => _scratch.File("published");

    /// <summary>The program.</summary>
    public string Program => Path.Combine(Folder, "tunnel");

    /// <summary>What the build said.</summary>
    public string Log { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        await using ChildProcess build = ChildProcess.Start(
            "dotnet",
            ["publish", Path.Combine(Installed.Root, "src", "TunnelAspire.Agent"), "-c", "Release", "-r", "linux-x64", "--artifacts-path", _scratch.File("build"), "-o", Folder, "-nodeReuse:false"]);
        int code = await build.ExitAsync(TimeSpan.FromMinutes(8));
        Log = build.Output;
        Assert.True(code == 0, Log);
    }

    public ValueTask DisposeAsync()
    {
        _scratch.Dispose();
        return ValueTask.CompletedTask;
    }
}
