using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Edge;

/// <summary>What spares a short session most of its requests: an open that brings and fetches the first bytes, and an acknowledgement that is the last word.</summary>
public abstract class ShortSessionEdgeTests(TunnelHosts hosts, Func<TunnelHosts, Uri> entrance) : EdgeTests(hosts, entrance)
{
    [Theory]
    [InlineData("")]
    [InlineData("&stream=1")]
    public async Task Open_ThatAsksForBytes_BringsTheFirstAndFetchesThem(string mode)
    {
        Answer answer = (await OpenAsync($"&receive=1{mode}", Pattern.Bytes(0, 100))).Require(201);

        Assert.Equal(100, answer.Ack);
        Assert.Equal(0, answer.Offset);
        Assert.InRange(answer.Body.Length, 1, 100);
        Pattern.Require(answer.Body, 0);
        EdgeSession session = new(Client, answer.Headers[TunnelHeaders.Session], answer.Headers[TunnelHeaders.Token]);
        Assert.Equal(answer.Body.Length, (await session.ReceiveAsync($"?ack={answer.Body.Length}&hold=0")).Require(200).Offset);
    }

    [Fact]
    public async Task Open_ThatAsksForBytesWhereNoneAre_IsAnsweredAfterTheHoldTime()
    {
        Answer answer = (await OpenAsync("&receive=1&stream=1&hold=10", [])).Require(201);

        Assert.Equal((0, 0), (answer.Offset, answer.Body.Length));
    }

    [Fact]
    public async Task Open_WithBytesAndTheEnd_EndsBothStreams()
    {
        Answer answer = (await OpenAsync("&fin=100", Pattern.Bytes(0, 100))).Require(201);

        EdgeSession session = new(Client, answer.Headers[TunnelHeaders.Session], answer.Headers[TunnelHeaders.Token]);
        await session.RequireReceivedAsync(upTo: 100);
        Assert.Equal(100, (await session.ReceiveAsync("?ack=100")).Require(200).Fin);
    }

    [Fact]
    public async Task Fin_OfASessionWithoutOpenEnds_IsAnsweredWithTheTargetsEndAndIsTheLastWord()
    {
        await EndInOrderAsync();

        foreach (Answer repeat in new[] { await Session.SendAsync("?offset=100&fin=100&ack=100"), await Session.ReceiveAsync("?ack=100"), await Session.EndAsync() })
        {
            Assert.Equal((100, 100), (repeat.Require(TunnelError.SessionGone).Ack, repeat.Fin));
        }
    }

    [Fact]
    public async Task Fin_WhileBytesAreNotAcknowledged_LeavesTheSessionOpen()
    {
        await Session.RequireEchoAsync(100);
        Task<Answer> parked = Session.ReceiveAsync("?ack=99");

        Assert.Equal(100, (await Session.SendAsync("?offset=100&fin=100&ack=99")).Require(200).Ack);
        Assert.Equal(100, (await parked).Require(200).Fin);

        Assert.Equal(99, (await Session.ReceiveAsync("?ack=99&gen=1")).Require(200).Offset);
        Assert.Equal(100, (await Session.SendAsync("?offset=100&fin=100&ack=100")).Require(200).Fin);
    }

    [Fact]
    public async Task Complete_WithAForeignToken_TellsNothing()
    {
        await EndInOrderAsync();

        EdgeSession foreign = Session with { Token = new string('A', Session.Token.Length) };
        Answer answer = (await foreign.ReceiveAsync("?ack=100")).Require(TunnelError.SessionUnknown);
        Assert.Null(answer.Fin);
    }

    /// <summary>The last word may come with any of the two requests that end the session: the target's end shows to the one that reads.</summary>
    private async Task EndInOrderAsync()
    {
        await Session.RequireEchoAsync(100);
        Task<Answer> parked = Session.ReceiveAsync("?ack=100");
        Answer last = (await Session.SendAsync("?offset=100&fin=100&ack=100")).Require(200);
        await parked;
        if (last.Fin is null)
        {
            last = (await Session.SendAsync("?offset=100&fin=100&ack=100")).Require(200); // a busy machine: the target took longer than the answer waits
        }

        Assert.Equal((100, 100), (last.Ack, last.Fin));
    }

    protected Task<Answer> OpenAsync(string query, byte[] body, string? key = null) =>
        Client.AskOpenAsync($"?target={Hosts.Target}{query}", key, EdgeClient.Bytes(body));
}

public sealed class ShortSessionAtTheConnectorTests(TunnelHosts hosts) : ShortSessionEdgeTests(hosts, hosts => hosts.Connector);

public sealed class ShortSessionThroughTheRelayTests(TunnelHosts hosts) : ShortSessionEdgeTests(hosts, hosts => hosts.Relay)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Open_RepeatedAfterTheSessionsEnd_IsRefused(bool inOrder)
    {
        string key = $"{Guid.NewGuid():N}";
        Answer opened = (await OpenAsync("", Pattern.Bytes(0, 100), key)).Require(201);
        EdgeSession session = new(Client, opened.Headers[TunnelHeaders.Session], opened.Headers[TunnelHeaders.Token]);
        await session.RequireReceivedAsync(upTo: 100);
        Task<Answer> parked = session.ReceiveAsync("?ack=100");
        if (inOrder)
        {
            while ((await session.SendAsync("?offset=100&fin=100&ack=100")).Require(200).Fin is null)
            {
                await parked; // a busy machine: the target took longer than the answer waits
            }
        }
        else
        {
            (await session.EndAsync()).Require(204);
        }

        (await OpenAsync("", Pattern.Bytes(0, 100), key)).Require(TunnelError.SessionGone); // else the target would get the bytes twice
    }
}
