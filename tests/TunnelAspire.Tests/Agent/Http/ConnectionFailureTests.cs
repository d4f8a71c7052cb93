using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using TunnelAspire.Agent;
using TunnelAspire.Agent.Http;
using TunnelAspire.Agent.Sessions;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Agent.Http;

/// <summary>However a connection fails, the exchange is lost and may be repeated; it never ends the session.</summary>
public sealed class ConnectionFailureTests : IDisposable
{
    private const int Attempts = 300; // the reset must come between two system calls of the client

    private readonly TcpListener _balancer = new(IPAddress.Loopback, 0);
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<AgentMetrics>().BuildServiceProvider();

    [Fact]
    public async Task Exchange_WithABalancerThatResetsEachConnectionAtOnce_IsLost()
    {
        _balancer.Start();
        _ = ResetAllAsync();
        using TunnelServer server = new(new AgentOptions { Server = $"http://{_balancer.LocalEndpoint}", Proxy = AgentOptions.NoProxy });
        SessionGrant grant = new(SessionId.New(), "token", SessionLimits.Default, "connector");
        HttpCarrier carrier = new(server, grant, new MediaTypeHeaderValue(TunnelMediaTypes.BinaryTcp), _services.GetRequiredService<AgentMetrics>());

        for (int i = 0; i < Attempts; i++)
        {
            CarrierException failure = await Assert.ThrowsAsync<CarrierException>(
                () => carrier.ReadAsync(new ReadRequest(0, 0, 100, TimeSpan.FromSeconds(1)), CancellationToken.None).Soon());
            Assert.Equal(CarrierFault.Lost, failure.Fault);
        }
    }

    public void Dispose()
    {
        _balancer.Dispose();
        _services.Dispose();
    }

    private async Task ResetAllAsync()
    {
        try
        {
            while (true)
            {
                Socket socket = await _balancer.AcceptSocketAsync();
                socket.Close(timeout: 0);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
