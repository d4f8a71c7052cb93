using System.Net.Http.Headers;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using TunnelAspire.Agent;
using TunnelAspire.Agent.Http;
using TunnelAspire.Agent.Sessions;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;
using TunnelAspire.Tests.Protocol.Carriers;

namespace TunnelAspire.Tests.Edge;

/// <summary>The agent's carrier, against a real connector whose target is a socket that the test plays.</summary>
public abstract class HttpCarrierConformance(TunnelHosts hosts, Func<TunnelHosts, Uri> entrance) : CarrierConformance, IClassFixture<TunnelHosts>, IDisposable
{
    private readonly TunnelServer _server = new(new AgentOptions { Server = entrance(hosts).ToString(), Proxy = AgentOptions.NoProxy });
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<AgentMetrics>().BuildServiceProvider();

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _server.Dispose();
        _services.Dispose();
    }

    protected override async Task<ICarrier> ConnectAsync(IByteSource source, IByteSink sink, SessionLimits limits)
    {
        Assert.Equal(TunnelHosts.Limits, limits);
        using EdgeClient client = new(entrance(hosts));
        EdgeSession session = await client.OpenAsync(TunnelHosts.Address(hosts.PlayedTarget));
        _ = PlayAsync(await hosts.PlayedTarget.AcceptSocketAsync().Soon(), source, sink);

        Assert.True(SessionId.TryParse(session.Id, out SessionId id));
        SessionGrant grant = new(id, session.Token, limits, "connector");
        return new HttpCarrier(_server, grant, new MediaTypeHeaderValue(TunnelMediaTypes.BinaryTcp), _services.GetRequiredService<AgentMetrics>());
    }

    private static async Task PlayAsync(Socket socket, IByteSource source, IByteSink sink)
    {
        using NetworkStream stream = new(socket, ownsSocket: true);
        try
        {
            Task received = ReceiveAsync(stream, sink);
            await SendAsync(stream, source);
            await received; // so that the down direction ends last, and the sink is whole when the session has ended
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (IOException)
        {
            // The session was reset.
        }
    }

    private static async Task SendAsync(NetworkStream stream, IByteSource source)
    {
        byte[] buffer = new byte[64 * 1024];
        while (true)
        {
            await source.WaitAsync(CancellationToken.None);
            int count = await source.ReadAsync(buffer, CancellationToken.None);
            if (count == 0)
            {
                return;
            }

            await stream.WriteAsync(buffer.AsMemory(0, count));
        }
    }

    private static async Task ReceiveAsync(NetworkStream stream, IByteSink sink)
    {
        byte[] buffer = new byte[64 * 1024];
        int count;
        while ((count = await stream.ReadAsync(buffer)) > 0)
        {
            for (int written = 0; written < count;)
            {
                written += await sink.WriteAsync(buffer.AsMemory(written, count - written));
            }
        }

        sink.Finish();
    }
}

public sealed class HttpCarrierAtTheConnectorTests(TunnelHosts hosts) : HttpCarrierConformance(hosts, hosts => hosts.Connector);

public sealed class HttpCarrierThroughTheRelayTests(TunnelHosts hosts) : HttpCarrierConformance(hosts, hosts => hosts.Relay);
