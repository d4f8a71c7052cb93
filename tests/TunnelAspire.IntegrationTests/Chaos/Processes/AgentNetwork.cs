using System.ComponentModel;
using System.Net;
using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.IntegrationTests.Chaos.Processes;

/// <summary>
/// A network namespace for the agent. Two links lead from there to the server's address, of which one is up at a time: a change
/// takes the agent's address away and gives it another one, and what it had sent and was to get on the old one is lost without a
/// word. A third link is for its clients.
/// </summary>
internal sealed class AgentNetwork : IAsyncDisposable
{
    private readonly string _name = $"ta{Environment.ProcessId}";
    private readonly string _net = $"198.18.{Environment.ProcessId % 250}";
    private int _link;

    private AgentNetwork()
    {
    }

    /// <summary>Address of the server, seen from the agent.</summary>
    public IPAddress Server => IPAddress.Parse($"{_net}.13");

    /// <summary>Address of the agent, seen from its clients; stays.</summary>
    public IPAddress Agent => IPAddress.Parse($"{_net}.2");

    /// <summary>Address of this machine, seen from the agent by the link that stays.</summary>
    public IPAddress Host => IPAddress.Parse($"{_net}.1");

    /// <summary>Makes it. Needs root, and a kernel that lets root make namespaces.</summary>
    public static async Task<AgentNetwork> CreateAsync()
    {
        AgentNetwork network = new();
        try
        {
            await network.BuildAsync();
            return network;
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            await network.DisposeAsync();
            throw new InvalidOperationException("the agent's network cannot be changed: network namespaces need root (and iproute2, and CAP_NET_ADMIN in a container)", e);
        }
    }

    /// <summary>The program, and the arguments before its own, that run something there.</summary>
    public IEnumerable<string> Enter(string program) => ["netns", "exec", _name, program];

    /// <summary>Takes the agent's link and address away and gives it the other one.</summary>
    public async Task ChangeAsync()
    {
        int former = _link;
        _link = 1 - _link;
        await UpAsync(_link);
        await IpAsync($"-n {_name} route replace {Server} via {_net}.{Far(_link)} src {_net}.{Near(_link)}");
        await IpAsync($"-n {_name} addr flush dev {_name}n{former}");
        await IpAsync($"-n {_name} link set {_name}n{former} down");
    }

    public async ValueTask DisposeAsync()
    {
        // A namespace takes its ends of the links with it, and those their other ends.
        foreach (string command in (string[])[$"netns del {_name}", $"addr del {Server}/32 dev lo"])
        {
            try
            {
                await IpAsync(command);
            }
            catch (InvalidOperationException)
            {
                // It had not been made.
            }
        }
    }

    private static int Far(int link) => 5 + (4 * link);

    private static int Near(int link) => 6 + (4 * link);

    private async Task BuildAsync()
    {
        await IpAsync($"netns add {_name}");
        await IpAsync($"addr add {Server}/32 dev lo");
        await IpAsync($"-n {_name} link set lo up");
        await LinkAsync("c", 1, 2);
        for (int link = 0; link < 2; link++)
        {
            await LinkAsync($"{link}", Far(link), Near(link));
        }

        await IpAsync($"-n {_name} route add {Server} via {_net}.{Far(0)} src {_net}.{Near(0)}");
        await IpAsync($"-n {_name} addr flush dev {_name}n1");
        await IpAsync($"-n {_name} link set {_name}n1 down");
    }

    private async Task LinkAsync(string link, int far, int near)
    {
        await IpAsync($"link add {_name}{link} type veth peer name {_name}n{link} netns {_name}");
        await IpAsync($"addr add {_net}.{far}/30 dev {_name}{link}");
        await IpAsync($"link set {_name}{link} up");
        await IpAsync($"-n {_name} addr add {_net}.{near}/30 dev {_name}n{link}");
        await IpAsync($"-n {_name} link set {_name}n{link} up");
    }

    private async Task UpAsync(int link)
    {
        await IpAsync($"-n {_name} addr add {_net}.{Near(link)}/30 dev {_name}n{link}");
        await IpAsync($"-n {_name} link set {_name}n{link} up");
    }

    private static Task<string> IpAsync(string command) => ChildProcess.RunAsync("ip", command.Split(' '));
}
