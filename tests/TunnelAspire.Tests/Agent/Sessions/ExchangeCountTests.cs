using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TunnelAspire.Agent;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Agent.Sessions;

/// <summary>How many HTTP exchanges a connection costs.</summary>
public sealed class ExchangeCountTests : IAsyncLifetime
{
    private readonly TunnelHosts _hosts = new();
    private RecordingHop _hop = null!;

    public async ValueTask InitializeAsync()
    {
        await _hosts.InitializeAsync();
        _hop = await RecordingHop.StartAsync(_hosts.Relay);
    }

    public async ValueTask DisposeAsync()
    {
        await _hop.DisposeAsync();
        await _hosts.DisposeAsync();
    }

    [Theory]
    [InlineData("burst")]
    [InlineData("stream")]
    public async Task ShortConnection_CostsTwoExchangesInSequence(string mode)
    {
        using IHost agent = Agent(mode, out int port);
        await agent.StartAsync();

        // The first connections pay for code that is compiled on first use; the moments that the agent waits for are short.
        for (int attempt = 0; attempt < 50; attempt++)
        {
            int before = _hop.All.Count;
            await ConnectAskCloseAsync(port);
            await Waiting.UntilAsync(() => _hop.All.All(exchange => exchange.Method == "GET" || exchange.Ended < int.MaxValue), "all is answered");
            RecordingHop.Exchange[] all = [.. _hop.All.Skip(before).Where(exchange => exchange.Method != "GET")];
            if (all is [{ Path: TunnelPaths.Sessions, Body.Length: 10, Answer.Length: 10 }, { Method: "POST", Body.Length: 0 }])
            {
                await agent.StopAsync();
                return;
            }
        }

        Assert.Fail($"not once in 50 times; the last ones: {string.Join(", ", _hop.All.TakeLast(8).Select(exchange => $"{exchange.Method} {exchange.Path} {exchange.Body.Length}/{exchange.Answer.Length}"))}");
    }

    private static async Task ConnectAskCloseAsync(int port)
    {
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, port).Soon();
        await client.SendAsync(Pattern.Bytes(0, 10)).Soon();
        byte[] back = new byte[10];
        for (int got = 0; got < back.Length;)
        {
            got += await client.ReceiveAsync(back.AsMemory(got)).Soon();
        }

        Pattern.Require(back, 0);
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await client.ReceiveAsync(back).Soon());
    }

    private IHost Agent(string mode, out int port)
    {
        using TcpListener free = new(IPAddress.Loopback, 0);
        free.Start();
        port = ((IPEndPoint)free.LocalEndpoint).Port;
        HostApplicationBuilder builder = new(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(
        [
            new("Agent:Server", _hop.Url.ToString()),
            new("Agent:Mode", mode),
            new("Agent:Proxy", AgentOptions.NoProxy),
            new("Agent:Forwards:0", $"127.0.0.1:{port}:{_hosts.Target}"),
        ]);
        builder.AddAgent();
        return builder.Build();
    }
}
