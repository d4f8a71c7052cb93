using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using TunnelAspire.Agent;
using TunnelAspire.Agent.Forwards;
using TunnelAspire.Agent.WaysIn;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Harness;

/// <summary>The agent's proxy port, with an echo where its sessions would be, and a clock that the test moves.</summary>
internal sealed class ProxyUnderTest : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly Exception? _failure;
    private readonly Reception _reception;
    private readonly Task _running;

    /// <param name="options">Who may use it.</param>
    /// <param name="failure">Why no session can be opened; null: all can.</param>
    public ProxyUnderTest(SocksOptions? options = null, Exception? failure = null)
    {
        _failure = failure;
        ForwardListener listener = new(new ForwardPlan("", "proxy", new IPEndPoint(IPAddress.Loopback, 0), new ProxyWayIn(options ?? new SocksOptions(), Time)));
        AgentMetrics metrics = new(_services.GetRequiredService<IMeterFactory>());
        _reception = new Reception(listener, ServeAsync, metrics, Time, NullLogger.Instance);
        _running = _reception.RunAsync(_stop.Token);
    }

    public FakeTimeProvider Time { get; } = new();

    /// <summary>The targets that clients have asked for.</summary>
    public ConcurrentQueue<TargetAddress> Targets { get; } = new();

    public async Task<ProxyClient> ConnectAsync()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(_reception.Listener.Listen);
        return new ProxyClient(socket);
    }

    /// <summary>All that a client gets which sends this, one byte at a time or at once, and then half-closes.</summary>
    public async Task<byte[]> AnswerAsync(byte[] request, bool byteByByte = false)
    {
        using ProxyClient client = await ConnectAsync();
        await client.SendAsync(request, byteByByte);
        client.Finish();
        return await client.ReceiveToEndAsync();
    }

    /// <summary>Nothing that came before has done harm: a client is served.</summary>
    public async Task RequireServiceAsync() =>
        Assert.Equal([5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0, 42], await AnswerAsync([5, 1, 0, 5, 1, 0, 1, 192, 0, 2, 1, 0, 80, 42]));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _reception.Dispose();
        await _running.Soon();
        await _reception.EmptyAsync().Soon();
        await _services.DisposeAsync();
        _stop.Dispose();
    }

    private async Task ServeAsync(Client client, CancellationToken stop)
    {
        Targets.Enqueue(client.Request.Target);
        if (_failure is not null)
        {
            await client.RefuseAsync(_failure);
            return;
        }

        await client.WelcomeAsync();
        using (client.End)
        {
            byte[] bytes = new byte[64 * 1024];
            for (int count; (count = await client.End.ReadAsync(bytes, stop)) > 0;)
            {
                await client.End.WriteAsync(bytes.AsMemory(0, count));
            }
        }
    }
}
