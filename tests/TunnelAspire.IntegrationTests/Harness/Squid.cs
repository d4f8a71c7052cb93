using System.Globalization;

namespace TunnelAspire.IntegrationTests.Harness;

/// <summary>A squid as forward proxy, from Debian's package, on a port of its own. It lets everybody through, or who has the password.</summary>
public sealed class Squid : IAsyncDisposable
{
    public const string User = "clerk";
    public const string Password = "a word, quite secret";

    private const UnixFileMode ForAll = (UnixFileMode)0b111_111_111; // squid leaves root, and writes its logs as another user

    private readonly Scratch _scratch = new();
    private ChildProcess? _process;

    private Squid(string passwords, string[] directives)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_scratch.Folder, ForAll);
        }

        string users = _scratch.Write("passwords", $"{User}:{passwords}\n");
        _scratch.Write("squid.conf", $"""
            http_port 127.0.0.1:{Port}
            pid_filename {_scratch.File("squid.pid")}
            cache_log {_scratch.File("cache.log")}
            access_log stdio:{_scratch.File("access.log")}
            coredump_dir {_scratch.Folder}
            visible_hostname squid.test
            max_filedescriptors 4096
            cache deny all
            memory_cache_shared off
            pinger_enable off
            shutdown_lifetime 0 seconds
            {string.Join('\n', directives).Replace("{passwords}", users, StringComparison.Ordinal)}
            http_access allow all

            """);
    }

    public int Port { get; } = Loopback.FreePort();

    /// <summary>What <c>--proxy</c> is given.</summary>
    public string Url => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}");

    /// <summary>The requests that have ended, a line for each: time, milliseconds, client, result/status, bytes, method, URL, user …</summary>
    public string[] Requests => File.Exists(_scratch.File("access.log")) ? File.ReadAllLines(_scratch.File("access.log")) : [];

    /// <summary>Starts one that lets everybody through.</summary>
    /// <param name="directives">Lines of its configuration before that, which may say otherwise.</param>
    public static Task<Squid> StartAsync(params string[] directives) => StartAsync("", directives);

    /// <summary>Starts one that asks for <see cref="User"/> and <see cref="Password"/> by Basic authentication.</summary>
    public static async Task<Squid> StartWithBasicAsync() => await StartAsync(
        await ChildProcess.RunAsync("openssl", "passwd", "-apr1", Password),
        ["auth_param basic program /usr/lib/squid/basic_ncsa_auth {passwords}", "acl known proxy_auth REQUIRED", "http_access deny !known"]);

    /// <summary>Starts one that asks for them by Digest authentication.</summary>
    public static Task<Squid> StartWithDigestAsync() => StartAsync(
        Password,
        ["auth_param digest program /usr/lib/squid/digest_file_auth {passwords}", "auth_param digest realm office", "acl known proxy_auth REQUIRED", "http_access deny !known"]);

    /// <summary>Names its shared memory, which it would else fight about with other squids of this machine.</summary>
    private string Service => string.Create(CultureInfo.InvariantCulture, $"test{Port}");

    /// <summary>Kills it.</summary>
    public Task KillAsync() => _process!.KillAsync();

    /// <summary>Starts it on its port, and waits until it takes connections.</summary>
    public async Task StartAgainAsync()
    {
        File.Delete(_scratch.File("squid.pid"));
        _process = ChildProcess.Start("squid", ["-N", "-d", "1", "-n", Service, "-f", _scratch.File("squid.conf")]);
        await _process.LineAsync("Accepting HTTP Socket connections");
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            _process.Signal(ChildProcess.SigTerm); // to let go of its shared memory
            await Waiting.UntilAsync(() => _process.HasExited, "squid ends");
            await _process.DisposeAsync();
        }

        foreach (string left in Directory.GetFiles("/dev/shm", $"{Service}-*"))
        {
            File.Delete(left); // of one that was killed
        }

        _scratch.Dispose();
    }

    private static async Task<Squid> StartAsync(string passwords, string[] directives)
    {
        Squid squid = new(passwords, directives);
        try
        {
            await squid.StartAgainAsync();
            return squid;
        }
        catch
        {
            await squid.DisposeAsync();
            throw;
        }
    }
}
