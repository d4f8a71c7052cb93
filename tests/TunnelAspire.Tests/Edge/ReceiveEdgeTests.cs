using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Edge;

public abstract class ReceiveEdgeTests(TunnelHosts hosts, Func<TunnelHosts, Uri> entrance) : EdgeTests(hosts, entrance)
{
    [Fact]
    public async Task Ack_Missing_IsMalformed()
    {
        (await Session.ReceiveAsync("")).Require(TunnelError.Malformed, "ack", "missing");
        await RequireUnharmedAsync();
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("%2B1")]
    [InlineData("0x10")]
    [InlineData("text")]
    [InlineData("")]
    [InlineData("9223372036854775808")]
    public async Task Number_ThatIsNone_IsMalformedWhereverItStands(string number)
    {
        (await Session.ReceiveAsync($"?ack={number}")).Require(TunnelError.Malformed, "'ack'");
        foreach (string name in (string[])["gen", "max", "hold"])
        {
            (await Session.ReceiveAsync($"?ack=0&{name}={number}")).Require(TunnelError.Malformed, $"'{name}'");
        }

        await RequireUnharmedAsync();
    }

    [Theory]
    [InlineData("ack=0&ack=0")]
    [InlineData("ack=0&gen=1&gen=1")]
    [InlineData("ack=0&max=1&max=2")]
    [InlineData("ack=0&hold=0&hold=0")]
    public async Task Parameter_GivenTwice_IsMalformed(string query)
    {
        (await Session.ReceiveAsync($"?{query}")).Require(TunnelError.Malformed, "not one");
        await RequireUnharmedAsync();
    }

    [Fact]
    public async Task Max_OfZero_IsMalformed()
    {
        (await Session.ReceiveAsync("?ack=0&max=0")).Require(TunnelError.Malformed, "'max'", "1");
        await RequireUnharmedAsync();
    }

    [Fact]
    public async Task Max_OfOne_BringsOneByte()
    {
        (await Session.SendAsync("?offset=0", Pattern.Bytes(0, 10))).Require(200);

        Answer answer = (await Session.ReceiveAsync("?ack=0&max=1")).Require(200);

        Pattern.Require(answer.Body, 0);
        Assert.Single(answer.Body);
    }

    [Theory]
    [InlineData("max=9223372036854775807")]
    [InlineData("hold=9223372036854775807")]
    [InlineData("gen=9223372036854775807")]
    [InlineData("n=9223372036854775807")]
    [InlineData("n=text")]
    [InlineData("unknown=parameter")]
    public async Task Number_AsLargeAsItGets_IsServed(string parameter)
    {
        Answer answer = (await Session.ReceiveAsync($"?ack=0&{parameter}")).Require(200);

        Assert.Empty(answer.Body);
        Assert.Equal(0, answer.Offset);
    }

    [Fact]
    public async Task Hold_OfZero_DoesNotWaitForever()
    {
        (await Session.ReceiveAsync("?ack=0&hold=0")).Require(200);
        await RequireUnharmedAsync();
    }

    [Fact]
    public async Task Ack_BeyondWhatWasHandedOut_EndsTheSession()
    {
        (await Session.ReceiveAsync("?ack=1")).Require(TunnelError.Malformed, "ack 1", "0");

        await RequireGoneAsync();
    }

    [Fact]
    public async Task Ack_LowerThanBefore_IsOldNews()
    {
        await Session.RequireEchoAsync(100);
        (await Session.ReceiveAsync("?ack=100&hold=0")).Require(200);

        Answer answer = (await Session.ReceiveAsync("?ack=50&hold=0")).Require(200);

        Assert.Equal(100, answer.Offset);
    }

    [Fact]
    public async Task Generation_ThatIsOver_IsSuperseded()
    {
        (await Session.ReceiveAsync("?ack=0&gen=7&hold=0")).Require(200);

        (await Session.ReceiveAsync("?ack=0&gen=6")).Require(TunnelError.Superseded, "6", "7");

        await Session.SendAsync("?offset=0", Pattern.Bytes(0, 100));
        await Session.RequireReceivedAsync(upTo: 100, generation: 7);
    }

    [Fact]
    public async Task Generation_NewerThanTheOneThatWaits_TakesOverAndBeginsAgainAtTheAck()
    {
        (await Session.SendAsync("?offset=0", Pattern.Bytes(0, 10))).Require(200);
        Assert.Equal(10, (await Session.ReceiveAsync("?ack=0")).Require(200).Body.Length);
        Task<Answer> waiting = Session.ReceiveAsync("?ack=0");

        Answer answer = (await Session.ReceiveAsync("?ack=0&gen=1")).Require(200);

        Assert.Equal(0, answer.Offset);
        Pattern.Require(answer.Body, 0);
        Assert.Equal(10, answer.Body.Length);
        Answer old = await waiting;
        Assert.True(old.Status == 409 || old.Body.Length == 0, "two generations were served");
    }

    [Fact]
    public async Task Session_EndedWhileRequestsWait_AnswersEachOfThem()
    {
        Task<Answer>[] receives = [.. Enumerable.Range(0, 20).Select(_ => Session.ReceiveAsync("?ack=0"))];
        Task<Answer>[] sends = [.. Enumerable.Range(1, 20).Select(offset => Session.SendAsync($"?offset={offset}", new byte[1]))];

        (await Session.EndAsync()).Require(204);

        // Some came before the end, some after it; through a relay, the latter find no route.
        Assert.All(await Task.WhenAll(receives), answer => Assert.Contains(answer.Status, (int[])[200, 404, 410]));
        Assert.All(await Task.WhenAll(sends), answer => Assert.Contains(answer.Status, (int[])[409, 404, 410]));
    }
}

public sealed class ReceiveAtTheConnectorTests(TunnelHosts hosts) : ReceiveEdgeTests(hosts, hosts => hosts.Connector);

public sealed class ReceiveThroughTheRelayTests(TunnelHosts hosts) : ReceiveEdgeTests(hosts, hosts => hosts.Relay);

public sealed class ReceiveThroughTheRelayInHttp2Tests(TunnelHosts hosts) : ReceiveEdgeTests(hosts, hosts => hosts.RelayInHttp2);
