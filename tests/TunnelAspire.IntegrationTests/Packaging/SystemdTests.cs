using System.Net.Sockets;
using System.Text;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Packaging;

/// <summary>What systemd is told by the services, and what it says of their units.</summary>
public sealed class SystemdTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    /// <summary>The socket stands for systemd's, and the parent's name is systemd's: that is how a service knows that it is one.</summary>
    [Theory]
    [InlineData("TunnelAspire.Agent", "tunnel", "connect http://127.0.0.1:1 -L {port}:localhost:1")]
    [InlineData("TunnelAspire.Node", "tunneld", "--urls http://127.0.0.1:{port} --allow 127.0.0.1:1")]
    public async Task Service_TellsThatItIsReady_OnceItAcceptsConnections_AndThatItStops(string project, string program, string arguments)
    {
        using Socket notify = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        notify.Bind(new UnixDomainSocketEndPoint(_scratch.File("notify")));
        int port = Loopback.FreePort();
        File.CreateSymbolicLink(_scratch.File("systemd"), "/bin/bash");
        string service = $"{Installed.Built(project, program)} {arguments.Replace("{port}", $"{port}", StringComparison.Ordinal)}";
        await using ChildProcess systemd = ChildProcess.Start(
            _scratch.File("systemd"), ["-c", $"export MANAGERPID=$$; {service} & service=$!; trap 'kill $service' TERM; wait; wait"], new Dictionary<string, string> { ["NOTIFY_SOCKET"] = _scratch.File("notify") });

        Assert.Equal("READY=1", await ToldAsync(notify));
        (await Loopback.ConnectAsync(port)).Dispose();
        systemd.Signal(ChildProcess.SigTerm);
        Assert.Equal("STOPPING=1", await ToldAsync(notify));
        await systemd.ExitAsync(TimeSpan.FromSeconds(20));
    }

    [Theory]
    [InlineData("tunnel@.service", "TunnelAspire.Agent/tunnel")]
    [InlineData("tunneld.service", "TunnelAspire.Node/tunneld")]
    [InlineData("tunnel-relay.service", "TunnelAspire.Relay/TunnelAspire.Relay")]
    [InlineData("tunnel-connector.service", "TunnelAspire.Connector/TunnelAspire.Connector")]
    public async Task Unit_IsUnderstood_AndLeavesTheServiceFewRights(string unit, string program)
    {
        string text = await File.ReadAllTextAsync(Path.Combine(Installed.Root, "deploy", "systemd", unit));
        string command = text.Split('\n').Single(line => line.StartsWith("ExecStart=", StringComparison.Ordinal)).Split(' ')[0]["ExecStart=".Length..];
        string copy = _scratch.Write(unit.Replace("@", "@one", StringComparison.Ordinal), text
            .Replace(command, Installed.Built(program.Split('/')[0], program.Split('/')[1]), StringComparison.Ordinal)
            .Replace("Documentation=", "#", StringComparison.Ordinal)); // the manual is not installed

        Assert.Equal("", await ChildProcess.RunAsync("systemd-analyze", "verify", "--man=no", copy));
        await ChildProcess.RunAsync("systemd-analyze", "security", "--offline=true", "--threshold=20", copy); // of 100: 20 is what systemd calls OK
    }

    private static async Task<string> ToldAsync(Socket notify)
    {
        byte[] told = new byte[4096];
        return Encoding.UTF8.GetString(told, 0, await notify.ReceiveAsync(told).WaitAsync(TimeSpan.FromSeconds(30)));
    }
}
