using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Programs;

[Collection(Programs.Name)]
public sealed class PostgresTests(SharedTunnel shared) : IAsyncLifetime
{
    private const int Rows = 600_000;

    private readonly Scratch _scratch = new();
    private ChildProcess? _server;
    private int _port;
    private int _target;
    private string? _data;

    public async ValueTask InitializeAsync()
    {
        // The server refuses to run as root; its folders are its user's own.
        _data = $"/tmp/tunnelaspire-postgres-{Guid.NewGuid():N}";
        await AsServerUser(Installed.Postgres("initdb"), ["-D", _data, "-A", "trust", "-U", "postgres"]).ExitAsync(TimeSpan.FromMinutes(1));
        int target = _target = Loopback.FreePort();
        _server = AsServerUser(Installed.Postgres("postgres"), ["-D", _data, "-p", $"{target}", "-c", "listen_addresses=127.0.0.1", "-c", $"unix_socket_directories={_data}", "-c", "fsync=off"]);
        await _server.LineAsync("database system is ready to accept connections");
        _port = await shared.ForwardAsync(target);
    }

    [Fact]
    public async Task Psql_Query_Answers() =>
        Assert.Equal("42", (await PsqlAsync("-Atc", "select 6 * 7")).Trim());

    [Fact]
    public async Task Psql_CopyOfFiftyMegabytesOutAndIn_IsTheSame()
    {
        string first = _scratch.File("first");
        string second = _scratch.File("second");
        await PsqlAsync("-c", $"create table numbers as select i, md5(i::text) a, md5((i + 1)::text) b, md5((i * 7)::text) c from generate_series(1, {Rows}) i");
        await PsqlAsync("-c", $"\\copy numbers to '{first}'");
        Assert.InRange(new FileInfo(first).Length, 50 * 1024 * 1024, long.MaxValue);

        await PsqlAsync("-c", "create table again (like numbers)");
        await PsqlAsync("-c", $"\\copy again from '{first}'");
        await PsqlAsync("-c", $"\\copy again to '{second}'");
        Assert.Equal(await Checked.FileAsync(first), await Checked.FileAsync(second));
        Assert.Equal("0", (await PsqlAsync("-Atc", "select count(*) from (select * from numbers except select * from again) d")).Trim());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Psql_OverAUnixSocket_Answers(bool targetToo)
    {
        string local = _scratch.File(".s.PGSQL.5432");
        string target = targetToo ? $"{_data}/.s.PGSQL.{_target}" : $"127.0.0.1:{_target}";
        await shared.Tunnel.StartAgentWithAsync($"forwarding {local} to ", ["-L", $"{local}:{target}"]);

        Assert.Equal("42", await ChildProcess.RunAsync("psql", "-X", "-h", _scratch.Folder, "-p", "5432", "-U", "postgres", "-Atc", "select 6 * 7"));
        string where = await ChildProcess.RunAsync("psql", "-X", "-h", _scratch.Folder, "-p", "5432", "-U", "postgres", "-Atc", "select inet_server_port()");
        Assert.Equal(targetToo ? "" : $"{_target}", where.Trim()); // over a unix socket the server has no port
    }

    [Fact]
    public async Task Sample_AsWritten_Works()
    {
        string printed = await SamplePage.RunAsync("postgresql.md", shared.Tunnel.Server, new()
        {
            ["db.internal:5432"] = $"127.0.0.1:{_target}",
            ["/run/postgresql/.s.PGSQL.5432"] = $"{_data}/.s.PGSQL.{_target}",
            ["15432"] = $"{Loopback.FreePort()}",
            ["15433"] = $"{Loopback.FreePort()}",
        });
        Assert.Equal(3, printed.Split('\n').Count(line => line.StartsWith(" PostgreSQL ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Psql_FromAPortToAUnixSocket_Answers()
    {
        (_, string line) = await shared.Tunnel.StartAgentWithAsync("forwarding ", ["-L", $"0:{_data}/.s.PGSQL.{_target}"]);

        Assert.Equal("42", await ChildProcess.RunAsync("psql", "-X", "-h", "127.0.0.1", "-p", $"{Tunnel.LocalPort(line)}", "-U", "postgres", "-Atc", "select 6 * 7"));
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (Directory.Exists(_data))
        {
            Directory.Delete(_data, recursive: true);
        }

        _scratch.Dispose();
    }

    private Task<string> PsqlAsync(params string[] arguments) =>
        ChildProcess.RunAsync("psql", ["-X", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", $"{_port}", "-U", "postgres", .. arguments]);

    private static ChildProcess AsServerUser(string program, string[] arguments) => Environment.IsPrivilegedProcess
        ? ChildProcess.Start("runuser", ["-u", "postgres", "--", program, .. arguments])
        : ChildProcess.Start(program, arguments);
}
