using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TunnelAspire.Agent;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Claims;

/// <summary>
/// Claims 1–27 to the letter, over HTTP, in poll mode: a client, the agent, an HTTP system that writes down what passes, a relay,
/// a connector, a target that echoes.
/// </summary>
public sealed class HttpClaimsTests : IAsyncLifetime
{
    private readonly TunnelHosts _hosts = new();
    private RecordingHop _hop = null!;
    private IHost _agent = null!;
    private Socket _client = null!;

    public async ValueTask InitializeAsync()
    {
        await _hosts.InitializeAsync();
        _hop = await RecordingHop.StartAsync(_hosts.Relay);
        _client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await _client.ConnectAsync(IPAddress.Loopback, await StartAgentAsync());
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _agent.StopAsync();
        _agent.Dispose();
        await _hop.DisposeAsync();
        await _hosts.DisposeAsync();
    }

    [Fact]
    public async Task Claim01_ClientBytesGoBySendChannel_AndTargetBytesComeByReceiveChannel()
    {
        Assert.Equal(Pattern.Bytes(0, 5000), await EchoAsync(0, 5000));

        Assert.Equal(Pattern.Bytes(0, 5000), SentBytes());
        Assert.Equal(Pattern.Bytes(0, 5000), ReceivedBytes());
        Assert.All(_hop.All, exchange => Assert.StartsWith(TunnelPaths.Sessions, exchange.Path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Claim02_ClientBytes_ArePackedInPosts_AndForwardedToTheTarget()
    {
        await EchoAsync(0, 100);
        await EchoAsync(100, 100);

        Assert.All(_hop.Sends, send => Assert.Equal("POST", send.Method));
        Assert.Equal(Pattern.Bytes(0, 200), SentBytes()); // and the target has echoed them
    }

    [Fact]
    public async Task Claim03_ThePostsResponse_IsTheAcknowledgement()
    {
        await EchoAsync(0, 1000);
        await Waiting.UntilAsync(() => _hop.Sends[^1].Ended < int.MaxValue, "the last POST is answered");

        long accepted = 0;
        foreach (RecordingHop.Exchange send in _hop.Sends)
        {
            accepted += send.Body.Length;
            Assert.Equal(WireText.Format(accepted), send.AnswerHeaders[TunnelHeaders.Ack]);
            Assert.Empty(send.Answer);
        }
    }

    [Fact]
    public async Task Claim04_ThePost_IsMadeWhenClientBytesAreThere_AndTheChannelIsClosedByItsAcknowledgement()
    {
        await Waiting.UntilAsync(() => _hop.Receives.Count > 0, "the session is open");
        Assert.Empty(_hop.Sends);

        for (int i = 0; i < 3; i++)
        {
            await EchoAsync(i * 100, 100);
            await Waiting.UntilAsync(() => _hop.Sends[^1].Ended < int.MaxValue, "the POST is answered");
            Assert.Equal(i + 1, _hop.Sends.Count);
        }

        AssertOneAfterTheOther(_hop.Sends);
    }

    [Fact]
    public async Task Claim05_TargetBytes_ArePackedInTheGetsResponse()
    {
        await EchoAsync(0, 1000);

        Assert.All(_hop.Receives, receive => Assert.Equal(("GET", 0), (receive.Method, receive.Body.Length)));
        Assert.Equal(Pattern.Bytes(0, 1000), ReceivedBytes());
    }

    [Fact]
    public async Task Claim06_TheResponse_IsWhatWasReadFromTheTargetBecauseOfTheGet()
    {
        await Waiting.UntilAsync(() => _hop.Receives.Count > 0, "a GET waits");
        await EchoAsync(0, 1000);

        RecordingHop.Exchange bringer = _hop.Receives.First(receive => receive.Answer.Length > 0);
        Assert.Equal("0", bringer.AnswerHeaders[TunnelHeaders.Offset]);
        Assert.True(bringer.Ended > _hop.Sends[0].Begun, "answered before there was anything to read");
    }

    [Fact]
    public async Task Claim07_TheNextGet_IsTriggeredByTheResponseToTheLast()
    {
        for (int i = 0; i < 3; i++)
        {
            await EchoAsync(i * 100, 100);
        }

        await Waiting.UntilAsync(() => _hop.Receives.Count(receive => receive.Answer.Length > 0) == 3 && _hop.Receives[^1].Answer.Length == 0, "the next GET is armed");
        AssertOneAfterTheOther(_hop.Receives);
    }

    [Fact]
    public async Task Claim08_ThePosts_AreOfMediaTypeBinaryTcp()
    {
        await EchoAsync(0, 100);
        Assert.All(_hop.Sends, send => Assert.Equal("binary/tcp", send.MediaType));
    }

    [Fact]
    public async Task Claim09_TheGetsResponses_AreOfMediaTypeBinaryTcp()
    {
        await EchoAsync(0, 100);
        Assert.All(_hop.Receives.Where(receive => receive.Ended < int.MaxValue), receive => Assert.Equal("binary/tcp", receive.AnswerType));
    }

    private static void AssertOneAfterTheOther(IReadOnlyList<RecordingHop.Exchange> exchanges) =>
        Assert.All(exchanges.Zip(exchanges.Skip(1)), pair => Assert.True(pair.First.Ended < pair.Second.Begun, "two at once"));

    /// <summary>Starts an agent on a port that was free a moment ago; on another where somebody was faster. Returns the port.</summary>
    private async Task<int> StartAgentAsync()
    {
        for (int attempt = 1; ; attempt++)
        {
            int port = FreePort();
            _agent = Agent(port);
            try
            {
                await _agent.StartAsync();
                return port;
            }
            catch (IOException) when (attempt < 10)
            {
                _agent.Dispose();
            }
        }
    }

    private IHost Agent(int port)
    {
        HostApplicationBuilder builder = new(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(
        [
            new("Agent:Server", _hop.Url.ToString()),
            new("Agent:Mode", "poll"),
            new("Agent:Proxy", AgentOptions.NoProxy),
            new("Agent:Forwards:0", $"127.0.0.1:{port}:{_hosts.Target}"),
        ]);
        builder.AddAgent();
        return builder.Build();
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private byte[] SentBytes() => [.. _hop.Sends.SelectMany(send => send.Body)];

    private byte[] ReceivedBytes() => [.. _hop.Receives.SelectMany(receive => receive.Answer)];

    private async Task<byte[]> EchoAsync(long position, int length)
    {
        await _client.SendAsync(Pattern.Bytes(position, length)).Soon();
        byte[] back = new byte[length];
        for (int got = 0; got < length;)
        {
            int count = await _client.ReceiveAsync(back.AsMemory(got)).Soon();
            Assert.NotEqual(0, count);
            got += count;
        }

        return back;
    }
}
