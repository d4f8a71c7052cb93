using System.Text;
using TunnelAspire.Protocol.Lanes;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;
using TunnelAspire.Tests.Http.Direct;

namespace TunnelAspire.Tests.Edge;

/// <summary>A connector that takes lanes, as the relay does.</summary>
public sealed class LaneHosts : TunnelHosts
{
    protected override bool ConnectorIsDirect => true;
}

/// <summary>Sessions whose requests come on lanes, at a relay and at a connector.</summary>
public sealed class LaneSessionTests(LaneHosts hosts) : IClassFixture<LaneHosts>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Sessions_OnLanes_AreOpenedUsedAndEnded(bool relay)
    {
        using LaneClient client = await LaneClient.ConnectAsync(relay ? hosts.Relay : hosts.Connector);

        await Task.WhenAll(Enumerable.Range(0, 30).Select(i => UseAsync(client, i * 10_000, 10_000))).Soon();

        Assert.Equal(0, client.Lanes.Count);
        Assert.False(client.Running.IsCompleted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Receive_OfALaneThatIsLeft_LeavesTheSession(bool relay)
    {
        using LaneClient client = await LaneClient.ConnectAsync(relay ? hosts.Relay : hosts.Connector);
        (string path, string admission) = await OpenAsync(client);
        (await client.AskAsync($"POST {path}/send?offset=0{admission}Content-Type: binary/tcp\r\nContent-Length: 5\r\n\r\nhello")).Require(200);

        using (Lane left = await client.SendAsync($"GET {path}/receive?ack=0&gen=0{admission}\r\n"))
        {
            left.Abort();
        }

        Answer answer = (await client.AskAsync($"GET {path}/receive?ack=0&gen=1{admission}\r\n")).Require(200);
        Assert.Equal("hello"u8.ToArray(), answer.Body);
        (await client.AskAsync($"DELETE {path}{admission}\r\n")).Require(204);
    }

    [Fact]
    public async Task Request_InHttp2_IsForNoSession()
    {
        using EdgeClient client = new(hosts.Relay, hosts.RelayInHttp2);

        (await client.AskAsync(HttpMethod.Post, TunnelPaths.Lanes, EdgeClient.Bytes([1]))).Require(TunnelError.SessionUnknown);
    }

    private async Task UseAsync(LaneClient client, long position, int length)
    {
        (string path, string admission) = await OpenAsync(client);
        string body = Encoding.Latin1.GetString(Pattern.Bytes(position, length));
        Answer sent = (await client.AskAsync($"POST {path}/send?offset=0{admission}Content-Type: binary/tcp\r\nContent-Length: {length}\r\n\r\n{body}")).Require(200);
        Assert.Equal(length, sent.Ack);

        for (int received = 0; received < length;)
        {
            Answer answer = (await client.AskAsync($"GET {path}/receive?ack={received}&gen=0{admission}\r\n")).Require(200);
            Assert.Equal(received, answer.Offset);
            Pattern.Require(answer.Body, position + received);
            received += answer.Body.Length;
        }

        (await client.AskAsync($"DELETE {path}{admission}\r\n")).Require(204);
        (await client.AskAsync($"GET {path}/receive?ack={length}&gen=0{admission}\r\n")).Require(TunnelError.SessionGone);
    }

    /// <summary>The session's path, and what follows each request's target.</summary>
    private async Task<(string Path, string Admission)> OpenAsync(LaneClient client)
    {
        Answer opened = (await client.AskAsync($"POST {TunnelPaths.Sessions}?target={hosts.Target} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")).Require(201);
        return ($"{TunnelPaths.Sessions}/{opened.Headers[TunnelHeaders.Session]}", $" HTTP/1.1\r\nHost: a\r\n{TunnelHeaders.Token}: {opened.Headers[TunnelHeaders.Token]}\r\n");
    }
}
