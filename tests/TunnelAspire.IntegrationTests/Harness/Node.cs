using System.Globalization;
using System.Net.Sockets;

namespace TunnelAspire.IntegrationTests.Harness;

/// <summary>A <c>tunneld</c>, and a listener of the test's own behind it as its target; agents are started by the test.</summary>
public sealed class Node : IAsyncDisposable
{
    private readonly List<ChildProcess> _agents = [];
    private readonly Socket _target;
    private readonly int _targetPort;

    private Node(Dictionary<string, string>? environment, string[] arguments)
    {
        _target = Loopback.Listen(out _targetPort);
        Dictionary<string, string> settings = new()
        {
            ["Logging__LogLevel__Microsoft.AspNetCore.Server.Kestrel.Http2"] = "Debug", // says when a connection in HTTP/2 has ended
            ["Connector__DrainSeconds"] = "1", // agents are killed before the server stops
        };
        foreach ((string name, string value) in environment ?? [])
        {
            settings[name] = value;
        }

        Server = ChildProcess.Start(Installed.Built("TunnelAspire.Node", "tunneld"), ["--allow", $"127.0.0.1:{_targetPort}", .. arguments], settings);
    }

    public ChildProcess Server { get; }

    /// <summary>The first address that it listens on.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Where its target listens.</summary>
    public string Target => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_targetPort}");

    /// <summary>Starts it, and waits until it listens.</summary>
    public static async Task<Node> StartAsync(Dictionary<string, string>? environment, params string[] arguments)
    {
        Node node = new(environment, arguments);
        try
        {
            await node.Server.LineAsync("Application started");
            node.Url = (await node.Server.LineAsync("Now listening on: ")).Split("Now listening on: ")[1].Trim();
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts an agent with one forward to the target; returns it and the local port.</summary>
    public Task<(ChildProcess Agent, int Port)> StartAgentAsync(string url, Dictionary<string, string>? environment, params string[] arguments) =>
        StartAgentAsync(Installed.Built("TunnelAspire.Agent", "tunnel"), url, environment, ["-v", .. arguments]);

    /// <summary>The same with an agent of the test's own.</summary>
    public async Task<(ChildProcess Agent, int Port)> StartAgentAsync(string program, string url, Dictionary<string, string>? environment, string[] arguments)
    {
        ChildProcess agent = ChildProcess.Start(
            program, ["connect", url, "-L", string.Create(CultureInfo.InvariantCulture, $"0:127.0.0.1:{_targetPort}"), .. arguments], environment);
        _agents.Add(agent);
        return (agent, Tunnel.LocalPort(await agent.LineAsync("forwarding ")));
    }

    /// <summary>A client's connection through an agent, and the one that reaches the target for it.</summary>
    public Task<(Socket Client, Socket Target)> ConnectAsync(int localPort) => Loopback.ConnectThroughAsync(localPort, _target);

    /// <summary>The next connection that reaches the target.</summary>
    public Task<Socket> AcceptAsync() => _target.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>An agent to which a client connects in vain: returns the line by which the agent says why it reset the client.</summary>
    public async Task<string> RefusedAsync(string url, Dictionary<string, string>? environment, params string[] arguments)
    {
        (ChildProcess agent, int port) = await StartAgentAsync(url, environment, arguments);
        using Socket client = await Loopback.ConnectAsync(port);
        if (!await Loopback.EndedByResetAsync(client, TimeSpan.FromSeconds(15)))
        {
            throw new InvalidOperationException("the client's connection ended without a reset");
        }

        return await agent.LineAsync(" reset: ");
    }

    /// <summary>Stops the server; tells whether any of its connections was one in HTTP/2.</summary>
    public async Task<bool> ServedHttp2Async()
    {
        Server.Signal(ChildProcess.SigTerm);
        await Server.ExitAsync(TimeSpan.FromSeconds(30));
        return Server.Output.Contains("The last processed stream ID was", StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ChildProcess agent in _agents)
        {
            await agent.DisposeAsync();
        }

        await Server.DisposeAsync();
        _target.Dispose();
    }
}
