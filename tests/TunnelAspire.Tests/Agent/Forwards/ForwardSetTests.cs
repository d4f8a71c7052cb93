using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using TunnelAspire.Agent;
using TunnelAspire.Agent.Forwards;
using TunnelAspire.Agent.Settings;
using TunnelAspire.Agent.WaysIn;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Agent.Forwards;

/// <summary>Ways in that change while the agent runs.</summary>
public sealed class ForwardSetTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly CancellationTokenSource _stop = new();
    private readonly ForwardSet _forwards;
    private readonly List<string> _served = [];

    public ForwardSetTests()
    {
        AgentMetrics metrics = new(_services.GetRequiredService<IMeterFactory>());
        _forwards = new ForwardSet(listener =>
        {
            Reception reception = new(listener, ServeAsync, metrics, TimeProvider.System, NullLogger.Instance);
            _ = reception.RunAsync(_stop.Token);
            return reception;
        });
    }

    [Fact]
    public async Task Apply_ThatLeavesOneOut_ClosesItAndKeepsItsClients()
    {
        _forwards.Apply(Plans(("a", "0:a:1"), ("b", "0:b:1")));
        EndPoint a = Listen("a");
        using Socket client = await ConnectAsync(a);
        await Waiting.UntilAsync(() => _served.Count == 1, "it is served");

        ForwardChanges changes = _forwards.Apply(Plans(("b", "0:b:1")));

        Assert.Equal(a, Assert.Single(changes.Closed).Listen);
        Assert.Empty(changes.Opened);
        Assert.Equal(1, Assert.Single(_forwards.Closing).Clients);
        await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(a));
        await client.SendAsync("x"u8.ToArray()).Soon();
        client.Dispose();
        await Waiting.UntilAsync(() => _forwards.Closing.Count == 0, "its clients are gone");
    }

    [Fact]
    public async Task Apply_WithAnotherTarget_KeepsThePortAndChangesWhereItLeads()
    {
        using Socket free = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        free.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)free.LocalEndPoint!).Port;
        free.Dispose();
        _forwards.Apply(Plans(("db", $"{port}:old:1")));
        using Socket first = await ConnectAsync(Listen("db"));
        await Waiting.UntilAsync(() => _served.Count == 1, "it is served");

        ForwardChanges changes = _forwards.Apply(Plans(("db", $"{port}:new:1")));
        using Socket second = await ConnectAsync(Listen("db"));
        await Waiting.UntilAsync(() => _served.Count == 2, "both are served");

        Assert.Single(changes.Changed);
        Assert.Empty(changes.Opened.Concat(changes.Closed));
        Assert.Equal(["old:1", "new:1"], _served);
    }

    [Fact]
    public void Apply_OfTheSame_ChangesNothing()
    {
        _forwards.Apply(Plans(("a", "0:a:1")));
        EndPoint a = Listen("a");

        ForwardChanges changes = _forwards.Apply(Plans(("a", "0:a:1")));

        Assert.Empty(changes.Opened.Concat(changes.Changed).Concat(changes.Closed));
        Assert.Equal(a, Listen("a"));
    }

    [Fact]
    public async Task Apply_OfOneThatCannotBeListenedOn_ChangesNothing()
    {
        using Socket taken = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        _forwards.Apply(Plans(("a", "0:a:1"), ("b", "0:b:1")));

        IOException refused = Assert.Throws<IOException>(() => _forwards.Apply(Plans(("a", "0:a:1"), ("c", "0:c:1"), ("d", $"{((IPEndPoint)taken.LocalEndPoint!).Port}:d:1"))));

        Assert.Contains($"cannot listen on {taken.LocalEndPoint}", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["a", "b"], _forwards.Open.Select(reception => reception.Listener.Plan.Name));
        using Socket a = await ConnectAsync(Listen("a"));
        using Socket b = await ConnectAsync(Listen("b"));
    }

    [Fact]
    public async Task Apply_WithAWiderAddressForTheSamePort_TakesItOver()
    {
        _forwards.Apply(Plans(("a", "0:a:1")));
        int port = ((IPEndPoint)Listen("a")).Port;
        _forwards.Apply(Plans(("a", $"127.0.0.1:{port}:a:1"))); // another one by its key
        ForwardChanges changes = _forwards.Apply(Plans(("a", $"0.0.0.0:{port}:a:1")));

        Assert.Equal((1, 1), (changes.Opened.Count, changes.Closed.Count));
        using Socket client = await ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
    }

    [Fact]
    public void Plans_WithAnAddressTwice_AreRefused()
    {
        SettingException twice = Assert.Throws<SettingException>(() => Plans(("a", "5000:a:1"), ("b", "127.0.0.1:5000:b:1")));

        Assert.Equal(("Agent:Forwards:b", "'127.0.0.1:5000:b:1': 127.0.0.1:5000 is listened on twice"), (twice.Key, twice.Message));
    }

    public void Dispose()
    {
        _stop.Cancel();
        _forwards.Close();
        _services.Dispose();
        _stop.Dispose();
    }

    private static IReadOnlyList<ForwardPlan> Plans(params (string Name, string Text)[] forwards) =>
        ForwardPlan.Of(new AgentOptions { Forwards = forwards.ToDictionary(forward => forward.Name, forward => forward.Text) }, TimeProvider.System);

    private EndPoint Listen(string name) => _forwards.Open.Single(reception => reception.Listener.Plan.Name == name).Listen;

    private static async Task<Socket> ConnectAsync(EndPoint address)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address).Soon();
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task ServeAsync(Client client, CancellationToken stop)
    {
        lock (_served)
        {
            _served.Add(client.Request.Target.ToString());
        }

        using (client.End)
        {
            byte[] bytes = new byte[16];
            while (await client.End.ReadAsync(bytes, stop) > 0)
            {
                // To the client's end.
            }
        }
    }
}
