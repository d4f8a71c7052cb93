using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Programs;

[Collection(Programs.Name)]
public sealed class OpenSshTests(SharedTunnel shared) : IAsyncLifetime
{
    private readonly Scratch _scratch = new();
    private ChildProcess? _server;
    private string[] _options = [];
    private int _port;
    private int _target;

    public async ValueTask InitializeAsync()
    {
        await ChildProcess.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", _scratch.File("host"));
        await ChildProcess.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", _scratch.File("client"));
        if (Environment.IsPrivilegedProcess)
        {
            Directory.CreateDirectory("/run/sshd"); // where sshd drops its privileges
        }

        int target = _target = Loopback.FreePort();
        string settings = _scratch.Write("sshd_config", $"""
            ListenAddress 127.0.0.1:{target}
            HostKey {_scratch.File("host")}
            AuthorizedKeysFile {_scratch.File("client.pub")}
            PidFile none
            StrictModes no
            PermitRootLogin yes
            UsePAM no
            Subsystem sftp internal-sftp
            """);
        _server = ChildProcess.Start(Installed.Find("sshd"), ["-D", "-e", "-f", settings]);
        await _server.LineAsync("Server listening");
        _port = await shared.ForwardAsync(target);
        _options = ["-F", "none", "-i", _scratch.File("client"), "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", $"UserKnownHostsFile={_scratch.File("known")}", "-o", "LogLevel=ERROR"];
    }

    [Fact]
    public async Task Ssh_Command_Answers() =>
        Assert.Equal("through the tunnel", (await ChildProcess.RunAsync("ssh", [.. _options, "-p", $"{_port}", "127.0.0.1", "echo through the tunnel"])).Trim());

    [Fact]
    public async Task Scp_FiftyMegabytesThereAndBack_AreTheSame()
    {
        string original = Checked.RandomFile(_scratch.File("original"), 50 * 1024 * 1024);
        await ChildProcess.RunAsync("scp", [.. _options, "-P", $"{_port}", original, $"127.0.0.1:{_scratch.File("there")}"]);
        await ChildProcess.RunAsync("scp", [.. _options, "-P", $"{_port}", $"127.0.0.1:{_scratch.File("there")}", _scratch.File("back")]);
        Assert.Equal(await Checked.FileAsync(original), await Checked.FileAsync(_scratch.File("there")));
        Assert.Equal(await Checked.FileAsync(original), await Checked.FileAsync(_scratch.File("back")));
    }

    /// <summary>All that is printed is what the command prints: nothing of the tunnel's gets in between.</summary>
    [Fact]
    public async Task Ssh_WithTheAgentAsProxyCommand_Answers() =>
        Assert.Equal("through the tunnel", await ChildProcess.RunAsync("ssh", [.. _options, "-o", ProxyCommand, "-p", $"{_target}", "127.0.0.1", "echo through the tunnel"]));

    [Fact]
    public async Task Scp_WithTheAgentAsProxyCommand_FiftyMegabytesThereAndBack_AreTheSame()
    {
        string original = Checked.RandomFile(_scratch.File("original"), 50 * 1024 * 1024);
        await ChildProcess.RunAsync("scp", [.. _options, "-o", ProxyCommand, "-P", $"{_target}", original, $"127.0.0.1:{_scratch.File("there")}"]);
        await ChildProcess.RunAsync("scp", [.. _options, "-o", ProxyCommand, "-P", $"{_target}", $"127.0.0.1:{_scratch.File("there")}", _scratch.File("back")]);
        Assert.Equal(await Checked.FileAsync(original), await Checked.FileAsync(_scratch.File("there")));
        Assert.Equal(await Checked.FileAsync(original), await Checked.FileAsync(_scratch.File("back")));
    }

    [Fact]
    public async Task Sample_AsWritten_Works() => Assert.Equal("Linux", await SamplePage.RunAsync("ssh.md", shared.Tunnel.Server, new()
    {
        ["me@bastion.internal"] = $"{string.Join(' ', _options)} -p {_target} 127.0.0.1",
    }));

    private string ProxyCommand => $"ProxyCommand={Installed.Built("TunnelAspire.Agent", "tunnel")} connect {shared.Tunnel.Server} -W %h:%p";

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _scratch.Dispose();
    }
}
