using System.Diagnostics;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Edge;

public abstract class SendEdgeTests(TunnelHosts hosts, Func<TunnelHosts, Uri> entrance) : EdgeTests(hosts, entrance)
{
    [Fact]
    public async Task Offset_Missing_IsMalformed()
    {
        (await Session.SendAsync("", new byte[10])).Require(TunnelError.Malformed, "offset", "missing");
        await RequireUnharmedAsync();
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("%2B1")]
    [InlineData("%201")]
    [InlineData("1%20")]
    [InlineData("0x10")]
    [InlineData("1e3")]
    [InlineData("1,000")]
    [InlineData("1.0")]
    [InlineData("text")]
    [InlineData("")]
    [InlineData("%00")]
    [InlineData("%D9%A1")]
    [InlineData("9223372036854775808")]
    [InlineData("99999999999999999999999999999999999999")]
    [InlineData("0&offset=0")]
    public async Task Number_ThatIsNone_IsMalformedWhereverItStands(string number)
    {
        (await Session.SendAsync($"?offset={number}", new byte[10])).Require(TunnelError.Malformed, "'offset'");
        (await Session.SendAsync($"?offset=0&fin={number.Replace("offset", "fin", StringComparison.Ordinal)}")).Require(TunnelError.Malformed, "'fin'");
        (await Session.SendAsync($"?offset=0&ack={number.Replace("offset", "ack", StringComparison.Ordinal)}")).Require(TunnelError.Malformed, "'ack'");
        await RequireUnharmedAsync();
    }

    [Fact]
    public async Task Offset_WithLeadingZeros_IsTheNumber()
    {
        (await Session.SendAsync("?offset=000", Pattern.Bytes(0, 10))).Require(200);

        await Session.RequireReceivedAsync(upTo: 10);
    }

    [Theory]
    [InlineData("9223372036854775807")]
    [InlineData("9223372036854775806")]
    public async Task Offset_NextToTheLast_IsMalformed(string offset)
    {
        (await Session.SendAsync($"?offset={offset}", new byte[10])).Require(TunnelError.Malformed, offset);
        await RequireUnharmedAsync();
    }

    [Fact]
    public async Task Fin_BelowTheOffset_IsMalformed()
    {
        (await Session.SendAsync("?offset=5&fin=4")).Require(TunnelError.Malformed, "4", "5");
        await RequireUnharmedAsync();
    }

    [Fact]
    public async Task Fin_ToldTwiceTheSame_IsRepeated()
    {
        (await Session.SendAsync("?offset=0&fin=10", Pattern.Bytes(0, 10))).Require(200);

        Answer answer = (await Session.SendAsync("?offset=10&fin=10")).Require(200);

        Assert.Equal(10, answer.Ack);
        await Session.RequireReceivedAsync(upTo: 10);
    }

    [Theory]
    [InlineData("?offset=5&fin=5")]
    [InlineData("?offset=10&fin=11")]
    public async Task Fin_Changed_EndsTheSession(string query)
    {
        (await Session.SendAsync("?offset=0&fin=10", Pattern.Bytes(0, 10))).Require(200);

        (await Session.SendAsync(query)).Require(TunnelError.Malformed, query[^2..].TrimStart('='), "10");

        await RequireGoneAsync();
    }

    [Fact]
    public async Task Fin_AboveWhatHasCome_TakesNoEffectYet()
    {
        Answer answer = (await Session.SendAsync("?offset=0&fin=100", Pattern.Bytes(0, 10))).Require(200);
        Assert.Equal(10, answer.Ack);

        await Session.RequireReceivedAsync(upTo: 10);
        Assert.Null((await Session.ReceiveAsync("?ack=10")).Require(200).Fin);
        (await Session.SendAsync("?offset=10&fin=100", Pattern.Bytes(10, 90))).Require(200);
        await Session.RequireReceivedAsync(upTo: 100);
        Assert.Equal(100, (await Session.ReceiveAsync("?ack=100")).Require(200).Fin);
    }

    [Fact]
    public async Task Fin_ChangedBeforeItIsReached_EndsTheSession()
    {
        (await Session.SendAsync("?offset=0&fin=100", Pattern.Bytes(0, 10))).Require(200);

        (await Session.SendAsync("?offset=10&fin=90", Pattern.Bytes(10, 10))).Require(TunnelError.Malformed, "90", "100");

        await RequireGoneAsync();
    }

    [Fact]
    public async Task Fin_BelowWhatHasCome_EndsTheSession()
    {
        (await Session.SendAsync("?offset=0", Pattern.Bytes(0, 10))).Require(200);

        (await Session.SendAsync("?offset=0&fin=9")).Require(TunnelError.Malformed, "9", "10");

        await RequireGoneAsync();
    }

    [Fact]
    public async Task Bytes_BeyondTheFin_EndTheSession()
    {
        (await Session.SendAsync("?offset=0&fin=10", Pattern.Bytes(0, 10))).Require(200);

        (await Session.SendAsync("?offset=10", Pattern.Bytes(10, 1))).Require(TunnelError.Malformed, "11", "10");

        await RequireGoneAsync();
    }

    [Fact]
    public async Task Bytes_BeyondTheFinOfTheirOwnRequest_EndTheSession()
    {
        (await Session.SendAsync("?offset=0&fin=5", Pattern.Bytes(0, 10))).Require(TunnelError.Malformed, "5", "10");

        await RequireGoneAsync();
    }

    [Fact]
    public async Task Ack_BeyondWhatWasHandedOut_EndsTheSession()
    {
        (await Session.SendAsync("?offset=0&ack=1", Pattern.Bytes(0, 10))).Require(TunnelError.Malformed, "ack 1", "0");

        await RequireGoneAsync();
    }

    [Fact]
    public async Task Gap_WiderThanTheWindow_IsRefusedAtOnceWithTheTrueAck()
    {
        (await Session.SendAsync("?offset=0", Pattern.Bytes(0, 10))).Require(200);
        string offset = $"{10 + TunnelHosts.Limits.Window + 1}";

        Answer answer = (await Session.SendAsync($"?offset={offset}", new byte[10])).Require(TunnelError.OffsetGap, offset, "10");

        Assert.Equal(10, answer.Ack);
        await Session.RequireReceivedAsync(upTo: 10);
        await RequireUnharmedAsync();
    }

    [Fact]
    public async Task Gap_NeverFilled_IsRefusedAfterTheHoldTimeWithTheTrueAck()
    {
        (await Session.SendAsync("?offset=0", Pattern.Bytes(0, 10))).Require(200);

        long begun = Stopwatch.GetTimestamp();
        Answer answer = (await Session.SendAsync("?offset=20", Pattern.Bytes(20, 10))).Require(TunnelError.OffsetGap, "20", "10");

        Assert.True(Stopwatch.GetElapsedTime(begun) >= TunnelHosts.Limits.Hold - TimeSpan.FromMilliseconds(20));
        Assert.Equal(10, answer.Ack);
        await Session.RequireReceivedAsync(upTo: 10);
        await RequireUnharmedAsync();
    }

    [Fact]
    public async Task Gap_FilledByAnotherRequest_IsNoGap()
    {
        Task<Answer> later = Session.SendAsync("?offset=10", Pattern.Bytes(10, 10));
        Answer earlier = await Session.SendAsync("?offset=0", Pattern.Bytes(0, 10));

        Assert.True(earlier.Require(200).Ack >= 10);
        Assert.Equal(20, (await later).Require(200).Ack);
        await Session.RequireReceivedAsync(upTo: 20);
    }

    [Fact]
    public async Task Bytes_SentAgain_ReachTheTargetOnce()
    {
        (await Session.SendAsync("?offset=0", Pattern.Bytes(0, 10))).Require(200);

        Answer answer = (await Session.SendAsync("?offset=5", Pattern.Bytes(5, 10))).Require(200);

        Assert.Equal(15, answer.Ack);
        await Session.RequireReceivedAsync(upTo: 15);
    }
}

public sealed class SendAtTheConnectorTests(TunnelHosts hosts) : SendEdgeTests(hosts, hosts => hosts.Connector);

public sealed class SendThroughTheRelayTests(TunnelHosts hosts) : SendEdgeTests(hosts, hosts => hosts.Relay);

public sealed class SendThroughTheRelayInHttp2Tests(TunnelHosts hosts) : SendEdgeTests(hosts, hosts => hosts.RelayInHttp2);
