using System.Net.Sockets;
using TunnelAspire.IntegrationTests.Harness;
using TunnelAspire.IntegrationTests.Programs;
using Xunit;

namespace TunnelAspire.IntegrationTests.CommandLine;

/// <summary><c>tunnel connect -W</c>: one session on standard input and output.</summary>
[Collection(Programs.Programs.Name)]
public sealed class StandardStreamsTests(SharedTunnel shared)
{
    private const int SigHup = 1;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(20_000_003)]
    public async Task Bytes_PassBothWays_AndSoDoBothEnds(int bytes)
    {
        using Scratch scratch = new();
        string original = Checked.RandomFile(scratch.File("original"), bytes);
        using Socket listener = Loopback.Listen(out int port);
        Task echo = EchoAsync(listener);
        await using ChildProcess shell = Shell($"cat '{original}' | {Tunnel(port)} > '{scratch.File("copy")}'; exit ${{PIPESTATUS[1]}}");

        Assert.Equal(0, await shell.ExitAsync(Patience));
        await echo.WaitAsync(Patience);
        Assert.Equal(await Checked.FileAsync(original), await Checked.FileAsync(scratch.File("copy")));
        Assert.Equal("", shell.Output);
    }

    /// <summary>A shell's files are written on from where the command before has stopped.</summary>
    [Fact]
    public async Task Output_ToAFileThatOthersWriteToo_IsInItsPlace()
    {
        using Scratch scratch = new();
        using Socket listener = Loopback.Listen(out int port);
        Task echo = EchoAsync(listener);
        await using ChildProcess shell = Shell($"(echo before; echo within | {Tunnel(port)}; echo after) > '{scratch.File("log")}'");

        Assert.Equal(0, await shell.ExitAsync(Patience));
        await echo.WaitAsync(Patience);
        Assert.Equal("before\nwithin\nafter\n", File.ReadAllText(scratch.File("log")));
    }

    [Theory]
    [InlineData("127.0.0.1:1", "tunnel: target-refused: 127.0.0.1:1 at 127.0.0.1: Connection refused")]
    [InlineData("192.0.2.1:1", "tunnel: forbidden-target: 192.0.2.1:1 is not among the allowed targets")]
    [InlineData("unix:/run/secret.sock", "tunnel: forbidden-target: unix:/run/secret.sock is not among the allowed targets")]
    [InlineData("unix:/tmp/tunnelaspire-none/a.sock", "tunnel: target-refused: unix:/tmp/tunnelaspire-none/a.sock: No such socket")]
    public async Task Target_ThatCannotBeReached_IsOneLineOnStandardErrorAndExitCodeOne(string target, string line)
    {
        await using ChildProcess shell = Shell($"{Tunnel(target)} 2>&1 >/dev/null </dev/null");

        Assert.Equal(1, await shell.ExitAsync(Patience));
        Assert.Equal(line, shell.Output);
    }

    [Fact]
    public async Task Target_ThatResets_IsExitCodeOne()
    {
        using Socket listener = Loopback.Listen(out int port);
        await using ChildProcess shell = Shell($"sleep 30 | ({Tunnel(port)}; echo exit $?)");
        using Socket target = await listener.AcceptAsync().WaitAsync(Patience);
        target.LingerState = new LingerOption(enable: true, seconds: 0);
        target.Dispose();

        await shell.LineAsync("tunnel: ");
        await shell.LineAsync("exit 1");
    }

    [Fact]
    public async Task Output_ThatNobodyReadsAnyMore_EndsTheSession()
    {
        using Socket listener = Loopback.Listen(out int port);
        await using ChildProcess shell = Shell($"sleep 30 | ({Tunnel(port)}; echo exit $? >&2) | head -c 1");
        using Socket target = await listener.AcceptAsync().WaitAsync(Patience);
        byte[] block = new byte[64 * 1024];
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            for (long sent = 0; sent < 1L << 32;)
            {
                sent += await target.SendAsync(block).WaitAsync(Patience);
            }
        });

        await shell.LineAsync("exit 1");
    }

    /// <summary>The numbers of closed streams go to files that the program opens itself: nothing of theirs may reach the target, and nothing of its may reach them.</summary>
    [Theory]
    [InlineData("<&-", "target")]
    [InlineData(">&-", "")]
    [InlineData("<&- >&- 2>&-", "")]
    [InlineData("2>&-", "target")]
    public async Task Streams_ThatWereClosedFromTheStart_AreEmptyAndTakeEverything(string closed, string seen)
    {
        using Socket listener = Loopback.Listen(out int port);
        await using ChildProcess shell = Shell($"{Tunnel(port)} </dev/null {closed}");
        using Socket target = await listener.AcceptAsync().WaitAsync(Patience);
        Assert.Equal(0, await target.ReceiveAsync(new byte[1]).WaitAsync(Patience));
        await target.SendAsync("target\n"u8.ToArray());
        target.Shutdown(SocketShutdown.Send);

        Assert.Equal(0, await shell.ExitAsync(Patience));
        Assert.Equal(seen, shell.Output);
    }

    [Fact]
    public async Task Server_ThatCannotBeReached_IsToldWhileItIsTried()
    {
        await using ChildProcess shell = Shell($"{Installed.Built("TunnelAspire.Agent", "tunnel")} connect http://127.0.0.1:1 -W a:1 </dev/null 2>&1");

        await shell.LineAsync("tunnel: cannot connect to 127.0.0.1:1: Connection refused; trying on");
    }

    /// <summary>ssh hangs up on its proxy command when it is done; nothing may stay behind at the target.</summary>
    [Theory]
    [InlineData(SigHup)]
    [InlineData(ChildProcess.SigTerm)]
    [InlineData(ChildProcess.SigInt)]
    public async Task Signal_EndsTheSessionAndTheProgram(int signal)
    {
        using Socket listener = Loopback.Listen(out int port);
        await using ChildProcess tunnel = ChildProcess.Start(Installed.Built("TunnelAspire.Agent", "tunnel"), ["connect", shared.Tunnel.Server, "-W", $"127.0.0.1:{port}"]);
        using Socket target = await listener.AcceptAsync().WaitAsync(Patience);
        await target.SendAsync("open\n"u8.ToArray());
        await tunnel.LineAsync("open");
        tunnel.Signal(signal);

        Assert.True(await Loopback.EndedByResetAsync(target, TimeSpan.FromSeconds(30)), "ended without a reset");
        Assert.Equal(0, await tunnel.ExitAsync(Patience));
        Assert.Equal("open", tunnel.Output);
    }

    [Fact]
    public async Task Forwards_BesideIt_AnnounceThemselvesOnStandardError()
    {
        using Socket listener = Loopback.Listen(out int port);
        Task echo = EchoAsync(listener);
        await using ChildProcess shell = Shell($"echo bytes | {Tunnel(port)} -L 0:127.0.0.1:1 -D 0 2>/dev/null");

        Assert.Equal(0, await shell.ExitAsync(Patience));
        await echo.WaitAsync(Patience);
        Assert.Equal("bytes", shell.Output);
    }

    private string Tunnel(int port) => Tunnel($"127.0.0.1:{port}");

    private string Tunnel(string target) => $"{Installed.Built("TunnelAspire.Agent", "tunnel")} connect {shared.Tunnel.Server} -W {target}";

    private static ChildProcess Shell(string script) => ChildProcess.Start("bash", ["-c", script]);

    private static async Task EchoAsync(Socket listener)
    {
        using NetworkStream stream = new(await listener.AcceptAsync(), ownsSocket: true);
        await stream.CopyToAsync(stream);
    }
}
