using System.Net;
using System.Net.Sockets;
using TunnelAspire.Agent;
using TunnelAspire.Agent.Forwards;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Agent.Forwards;

public sealed class ForwardListenerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tunnelaspire-").FullName;

    private string SocketPath => $"{_folder}/agent.sock";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task UnixSocket_IsItsOwnersOnly_AndGoesWithTheListener()
    {
        using (ForwardListener listener = Open($"{SocketPath}:db:80"))
        {
            Assert.True(!OperatingSystem.IsWindows() && File.GetUnixFileMode(SocketPath) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
            Assert.Equal($"forwarding {SocketPath} to db:80", listener.ToString());
            using Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await client.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath)).Soon();
            using Socket accepted = await listener.AcceptAsync(failure => Assert.Fail(failure.Message), CancellationToken.None).Soon();
        }

        Assert.False(File.Exists(SocketPath));
    }

    [Fact]
    public void UnixSocket_LeftBehindByAKilledAgent_IsReplaced()
    {
        using (Socket left = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            left.Bind(new UnixDomainSocketEndPoint($"{_folder}/left"));
            File.Move($"{_folder}/left", SocketPath); // else the file would go with its socket
        }

        Assert.True(File.Exists(SocketPath));
        using ForwardListener listener = Open($"{SocketPath}:db:80");
    }

    [Fact]
    public void UnixSocket_OnWhichSomebodyListens_IsLeftAlone()
    {
        using ForwardListener first = Open($"{SocketPath}:db:80");

        Refuses($"{SocketPath}:db:81", $"cannot listen on {SocketPath}: Address already in use");
        Assert.True(File.Exists(SocketPath));
    }

    [Fact]
    public void UnixSocket_WhereAFileIs_LeavesTheFileAlone()
    {
        File.WriteAllText(SocketPath, "mine");

        Refuses($"{SocketPath}:db:80", $"cannot listen on {SocketPath}: Address already in use");
        Assert.Equal("mine", File.ReadAllText(SocketPath));
    }

    [Fact]
    public void UnixSocket_WithoutAFolder_SaysSo() =>
        Refuses($"{_folder}/none/a.sock:db:80", $"cannot listen on {_folder}/none/a.sock: its folder does not exist");

    [Fact]
    public void OpenAll_ListensOnForwardsAndProxyPorts_InOrder()
    {
        AgentOptions options = new() { Forwards = { ["first"] = "0:db:80", ["second"] = $"{SocketPath}:/run/app.sock" } };
        options.Socks.Listen = ["0", "*:0"];
        IReadOnlyList<ForwardListener> listeners = ForwardListener.OpenAll(ForwardPlan.Of(options, TimeProvider.System));

        Assert.Equal(
            [$"forwarding {listeners[0].Listen} to db:80", $"forwarding {SocketPath} to unix:/run/app.sock", $"SOCKS and HTTP proxy on {listeners[2].Listen}", $"SOCKS and HTTP proxy on {listeners[3].Listen}"],
            listeners.Select(listener => listener.ToString()));
        Assert.All(listeners, listener => Assert.False(listener.Listen is IPEndPoint { Port: 0 }));
        listeners.ToList().ForEach(listener => listener.Dispose());
    }

    [Fact]
    public void OpenAll_WhereOneCannotBeListenedOn_LetsGoOfTheOthers()
    {
        AgentOptions options = new() { Forwards = { ["first"] = $"{SocketPath}:db:80", ["second"] = $"{_folder}/none/a.sock:db:80" } };

        Assert.Throws<IOException>(() => ForwardListener.OpenAll(ForwardPlan.Of(options, TimeProvider.System)));
        Assert.False(File.Exists(SocketPath));
    }

    private static ForwardListener Open(string forward) => Assert.Single(ForwardListener.OpenAll(ForwardPlan.Of(new AgentOptions { Forwards = { ["db"] = forward } }, TimeProvider.System)));

    private static void Refuses(string forward, string why) =>
        Assert.Equal(why, Assert.Throws<IOException>(() => Open(forward)).Message);
}
