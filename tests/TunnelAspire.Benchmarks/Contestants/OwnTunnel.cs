using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.Benchmarks.Contestants;

/// <summary>This project's tunnel: an agent, and whatever it leads to.</summary>
/// <param name="key">The server side's word; the mode is added.</param>
/// <param name="name">The server side's name.</param>
/// <param name="mode">How bytes are moved, in both directions.</param>
internal abstract class OwnTunnel(string key, string name, string mode) : Contestant($"{key}-{mode}", $"{name}, {mode}")
{
    public override bool IsOwn => true;

    /// <summary>Its own; its receive waits on a lane, except where each direction has its own channel.</summary>
    public override int SocketsOfASession => mode == "stream" ? 1 : 2;

    /// <summary>Where its relay listens.</summary>
    public int ServerPort { get; private set; }

    /// <summary>Starts the agent before the server, with a forward to the target.</summary>
    protected async Task StartAgentAsync(string server, int target)
    {
        ServerPort = new Uri(server).Port;
        ChildProcess agent = Start("agent", Installed.Built("TunnelAspire.Agent", "tunnel"), ["connect", server, "--mode", mode, "-L", $"0:127.0.0.1:{target}"]);
        Port = Tunnel.LocalPort(await agent.LineAsync("forwarding "));
    }
}
