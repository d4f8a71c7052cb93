using System.Globalization;
using System.Net.Sockets;
using TunnelAspire.IntegrationTests.Harness;
using TunnelAspire.IntegrationTests.Survival;
using Xunit;

namespace TunnelAspire.IntegrationTests.Transport;

/// <summary>HTTP/2 without TLS, on an address of its own; and what is particular to it: many sessions on few connections.</summary>
public sealed class Http2Tests
{
    private const long Bytes = 20 * 1024 * 1024;
    private const int Sessions = 300;

    private readonly int _port = Loopback.FreePort();
    private readonly int _port11 = Loopback.FreePort();

    [Theory]
    [InlineData("poll")]
    [InlineData("burst")]
    [InlineData("stream")]
    public async Task Transfer_WithoutTls_ArrivesBothWays(string mode)
    {
        await using Node node = await StartAsync();
        (ChildProcess agent, int port) = await node.StartAgentAsync(Url(_port), null, "--http", "2", "--mode", mode);
        (Socket client, Socket target) = await node.ConnectAsync(port);
        using (client)
        using (target)
        {
            await new BothWays(client, target, Bytes).RunAsync(_ => Task.CompletedTask);
        }

        await agent.KillAsync();
        Assert.True(await node.ServedHttp2Async());
    }

    [Theory]
    [InlineData("burst")]
    [InlineData("stream")]
    public async Task ManySessions_ShareFewConnections(string mode)
    {
        await using Node node = await StartAsync();
        using Passage passage = new(_port);
        (_, int port) = await node.StartAgentAsync(Url(passage.Port), null, "--http", "2", "--mode", mode);
        List<(Socket Client, Socket Target)> sessions = [];
        for (int i = 0; i < Sessions; i++)
        {
            sessions.Add(await node.ConnectAsync(port));
        }

        await Task.WhenAll(sessions.Select(session => new BothWays(session.Client, session.Target, 30_000).RunAsync(_ => Task.CompletedTask)));
        Assert.InRange(passage.Connections, 3, 100); // 128 requests on each, up to eight of a busy session; some more are made while the first ones are not yet open
        sessions.ForEach(session => session.Client.Dispose());
        sessions.ForEach(session => session.Target.Dispose());
    }

    /// <summary>A body below the server's least rate (240 bytes a second after 5 s) is normal here: somebody types.</summary>
    [Fact]
    public async Task SlowMessage_IsNotCut()
    {
        await using Node node = await StartAsync();
        (ChildProcess agent, int port) = await node.StartAgentAsync(Url(_port), null, "--http", "2", "--mode", "stream");
        (Socket client, Socket target) = await node.ConnectAsync(port);
        using (client)
        using (target)
        {
            using PeriodicTimer typing = new(TimeSpan.FromMilliseconds(400));
            for (int i = 0; i < 25; i++)
            {
                await client.SendAsync("x"u8.ToArray());
                await ExpectAsync(target, "x");
                await target.SendAsync("y"u8.ToArray());
                await ExpectAsync(client, "y");
                await typing.WaitForNextTickAsync();
            }
        }

        Assert.DoesNotContain("tries again", agent.Output, StringComparison.Ordinal);
    }

    /// <summary>All requests of an agent may be on one connection: where that dies without a word, their repeats must not wait on it.</summary>
    [Fact]
    public async Task ConnectionThatFallsSilent_IsLeft_AndSessionsGoOn()
    {
        await using Node node = await StartAsync();
        using Passage passage = new(_port);
        (ChildProcess agent, int port) = await node.StartAgentAsync(Url(passage.Port), null, "--http", "2");
        (Socket client, Socket target) = await node.ConnectAsync(port);
        using (client)
        using (target)
        {
            await client.SendAsync("before"u8.ToArray());
            await ExpectAsync(target, "before");
            passage.Silence();
            await client.SendAsync("after"u8.ToArray());
            await target.SendAsync("answer"u8.ToArray());
            await ExpectAsync(target, "after");
            await ExpectAsync(client, "answer");
        }

        await agent.LineAsync("tries again");
    }

    [Fact]
    public async Task ServerWithoutHttp2_IsNamedAtOnce()
    {
        await using Node node = await StartAsync();
        string line = await node.RefusedAsync(Url(_port11), null, "--http", "2");
        Assert.Contains($"reset: barred: 127.0.0.1:{_port11} does not offer the HTTP version that --http asks for", line, StringComparison.Ordinal);
    }

    private Task<Node> StartAsync() => Node.StartAsync(new()
    {
        ["Kestrel__Endpoints__Http__Url"] = Url(_port11),
        ["Kestrel__Endpoints__Http2__Url"] = Url(_port),
        ["Kestrel__Endpoints__Http2__Protocols"] = "Http2",
    });

    private static string Url(int port) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

    private static async Task ExpectAsync(Socket socket, string text)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(50)); // twice the time in which a dead connection is found out, and a repeat
        byte[] buffer = new byte[text.Length];
        for (int length = 0; length < buffer.Length;)
        {
            int count = await socket.ReceiveAsync(buffer.AsMemory(length), limit.Token);
            Assert.NotEqual(0, count);
            length += count;
        }

        Assert.Equal(text, System.Text.Encoding.ASCII.GetString(buffer));
    }
}
