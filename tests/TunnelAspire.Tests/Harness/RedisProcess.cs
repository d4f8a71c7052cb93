using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace TunnelAspire.Tests.Harness;

/// <summary>A Redis of its own for a test: a process that is started, frozen, killed and started again, and that ends with the test.</summary>
public sealed class RedisProcess : IAsyncDisposable
{
    private const int SigCont = 18;
    private const int SigStop = 19;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("redis-");
    private readonly Func<int, ProcessStartInfo> _start;
    private Process? _process;

    private RedisProcess(Func<int, ProcessStartInfo> start) => _start = start;

    /// <summary>Where it listens, on 127.0.0.1; stays when it is started again.</summary>
    public int Port { get; } = FreePort();

    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>Debian's redis-server.</summary>
    public static Task<RedisProcess> StartServerAsync() => StartAsync(port => new(
        InPath("redis-server"), ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]));

    /// <summary>The Garnet that the repository embeds.</summary>
    public static Task<RedisProcess> StartGarnetAsync() => StartAsync(port => new(Built("TunnelAspire.RedisStore"))
    {
        Environment = { ["Redis__Port"] = $"{port}" },
    });

    /// <summary>Starts it, empty, on its port; returns when it accepts connections.</summary>
    public async Task StartAsync()
    {
        ProcessStartInfo start = _start(Port);
        start.WorkingDirectory = _folder.FullName;
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        _process = Process.Start(start)!;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await Waiting.UntilAsync(ListensAsync, $"{start.FileName} listens on port {Port}");
    }

    /// <summary>SIGKILL: connections to it are cut, and new ones refused.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync().Soon();
    }

    /// <summary>SIGSTOP: it takes connections and bytes, and answers nothing. Its threads stop one after the other: returns when all have.</summary>
    public void Freeze()
    {
        Assert.Equal(0, Signal(_process!.Id, SigStop));
        Assert.True(SpinWait.SpinUntil(() => Directory.GetDirectories($"/proc/{_process.Id}/task").All(IsStopped), Waiting.Patience), "all of Redis stands still");
    }

    public void Thaw() => Assert.Equal(0, Signal(_process!.Id, SigCont));

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await KillAsync();
            _process.Dispose();
        }

        _folder.Delete(recursive: true);
    }

    private static async Task<RedisProcess> StartAsync(Func<int, ProcessStartInfo> start)
    {
        RedisProcess redis = new(start);
        try
        {
            await redis.StartAsync();
            return redis;
        }
        catch
        {
            await redis.DisposeAsync();
            throw;
        }
    }

    private async Task<bool> ListensAsync()
    {
        Assert.False(_process!.HasExited, "Redis ended while it started");
        using TcpClient client = new();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string InPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException($"{program} is missing: run eng/test.sh");

    /// <summary>A project's executable: src/X/bin/Release/net10.0/X beside tests/Y/bin/Release/net10.0, or bin/X/release/X beside bin/Y/release.</summary>
    private static string Built(string project)
    {
        DirectoryInfo tests = new(AppContext.BaseDirectory);
        string[] places =
        [
            Path.Combine(tests.FullName, "../../../../..", "src", project, "bin", tests.Parent!.Name, tests.Name, project),
            Path.Combine(tests.FullName, "../..", project, tests.Name, project),
        ];
        return places.FirstOrDefault(File.Exists) ?? throw new InvalidOperationException($"{project} is not built; looked for {string.Join(" and ", places)}");
    }

    private static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary><c>4711 (redis-server) T 1 …</c>; a thread that has ended meanwhile stands still, too.</summary>
    private static bool IsStopped(string thread)
    {
        try
        {
            string stat = File.ReadAllText(Path.Combine(thread, "stat"));
            return stat[stat.LastIndexOf(')') + 2] == 'T';
        }
        catch (IOException)
        {
            return true;
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int process, int signal);
}
