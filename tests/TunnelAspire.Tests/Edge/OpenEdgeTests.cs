using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Edge;

public abstract class OpenEdgeTests(TunnelHosts hosts, Func<TunnelHosts, Uri> entrance) : EdgeTests(hosts, entrance)
{
    private static string NewKey => Guid.NewGuid().ToString();

    [Theory]
    [InlineData("")]
    [InlineData("?target=")]
    [InlineData("?target=host")]
    [InlineData("?target=:80")]
    [InlineData("?target=host:")]
    [InlineData("?target=host:0")]
    [InlineData("?target=host:65536")]
    [InlineData("?target=host:-80")]
    [InlineData("?target=host:%2B80")]
    [InlineData("?target=host:80%20")]
    [InlineData("?target=ho%20st:80")]
    [InlineData("?target=http://host:80")]
    [InlineData("?target=host%00:80")]
    [InlineData("?target=h%C3%B6st:80")]
    [InlineData("?target=::1:80")]
    [InlineData("?target=[::1:80")]
    [InlineData("?target=[127.0.0.1]:80")]
    [InlineData("?target=host:80&target=host:80")]
    [InlineData("?TARGETS=host:80")]
    public async Task Target_ThatIsNone_IsMalformed(string query) =>
        (await Client.AskOpenAsync(query)).Require(TunnelError.Malformed, "'target'", "host:port");

    [Fact]
    public async Task Target_WithALongName_IsMalformed() =>
        (await Client.AskOpenAsync($"?target={new string('x', 254)}:80")).Require(TunnelError.Malformed, "'target'");

    [Fact]
    public async Task Target_NotAllowed_IsForbiddenAndNeverDialled()
    {
        (await Client.AskOpenAsync($"?target={Hosts.ForbiddenTarget}")).Require(TunnelError.ForbiddenTarget, Hosts.ForbiddenTarget);

        Assert.False(Hosts.ForbiddenTargetWasDialled);
    }

    [Theory]
    [InlineData("somewhere.invalid:80")]
    [InlineData("localhost:1")]
    [InlineData("127.0.0.1:1")]
    [InlineData("[::1]:1")]
    [InlineData("2130706433:1")]
    [InlineData("0x7f.1:1")]
    public async Task Target_NotAllowed_IsForbiddenWhetherItExistsOrNot(string target) =>
        (await Client.AskOpenAsync($"?target={target}")).Require(TunnelError.ForbiddenTarget, target);

    [Fact]
    public async Task Target_WhereNobodyListens_Refuses() =>
        (await Client.AskOpenAsync($"?target={Hosts.RefusingTarget}")).Require(TunnelError.TargetRefused, Hosts.RefusingTarget);

    [Fact]
    public async Task Target_WithoutAnAddress_DoesNotResolve() =>
        (await Client.AskOpenAsync("?target=nowhere.invalid:80")).Require(TunnelError.TargetNotResolved, "nowhere.invalid");

    [Fact]
    public async Task Open_TellsTheSessionsLimits()
    {
        Answer answer = (await Client.AskOpenAsync($"?target={Hosts.Target}&n=3")).Require(201);

        Assert.Empty(answer.Body);
        Assert.Equal(0, answer.Ack);
        Assert.Equal("3", answer.Headers[TunnelHeaders.Request]);
        Assert.Equal($"{TunnelPaths.Sessions}/{answer.Headers[TunnelHeaders.Session]}", answer.Headers["Location"]);
        Assert.Equal(43, answer.Headers[TunnelHeaders.Token].Length);
        Assert.Equal($"{TunnelHosts.Limits.Window}", answer.Headers[TunnelHeaders.Window]);
        Assert.Equal($"{TunnelHosts.MaxBody}", answer.Headers[TunnelHeaders.MaxBody]);
        Assert.Equal($"{TunnelHosts.Limits.Hold.TotalMilliseconds}", answer.Headers[TunnelHeaders.Hold]);
        Assert.Equal($"{TunnelHosts.Limits.Grace.TotalMilliseconds}", answer.Headers[TunnelHeaders.Grace]);
        Assert.Equal("connector", answer.Headers[TunnelHeaders.Connector]);
        Assert.Equal(EntranceIsRelay ? "relay" : null, answer.Headers.GetValueOrDefault(TunnelHeaders.Relay));
    }

    [Fact]
    public async Task Open_WithTheFirstBytesAndTheFin_HandsThemOver()
    {
        string key = NewKey;

        Answer answer = (await Client.AskOpenAsync($"?target={Hosts.Target}&fin=10", key, EdgeClient.Bytes(Pattern.Bytes(0, 10)))).Require(201);

        Assert.Equal(10, answer.Ack);
        EdgeSession session = await Client.OpenAsync(Hosts.Target, key);
        await session.RequireReceivedAsync(upTo: 10);
        Assert.Equal(10, (await session.ReceiveAsync("?ack=10")).Require(200).Fin);
    }

    [Theory]
    [InlineData("fin=-1")]
    [InlineData("fin=text")]
    [InlineData("fin=9223372036854775808")]
    [InlineData("fin=5")]
    public async Task Open_WithAWrongFin_IsMalformed(string fin) => (await Client.AskOpenAsync(
        $"?target={Hosts.Target}&{fin}", content: EdgeClient.Bytes(new byte[10]))).Require(TunnelError.Malformed);

    [Fact]
    public async Task Open_RepeatedWithItsKey_IsTheSameSession()
    {
        string key = NewKey;
        EdgeSession first = await Client.OpenAsync(Hosts.Target, key);
        await first.RequireEchoAsync(100);

        EdgeSession second = await Client.OpenAsync(Hosts.Target, key);

        Assert.Equal((first.Id, first.Token), (second.Id, second.Token));
        await first.RequireEchoAsync(100);
    }

    [Fact]
    public async Task Open_ManyTimesAtOnceWithOneKey_IsOneSession()
    {
        string key = NewKey;

        EdgeSession[] sessions = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => Client.OpenAsync(Hosts.Target, key)));

        Assert.Single(sessions.Select(session => (session.Id, session.Token)).Distinct());
        await sessions[0].RequireEchoAsync(100);
    }

    [Fact]
    public async Task Open_WithoutAKey_IsASessionOfItsOwn()
    {
        EdgeSession first = await Client.OpenAsync(Hosts.Target);
        EdgeSession second = await Client.OpenAsync(Hosts.Target);

        Assert.NotEqual(first.Id, second.Id);
        Assert.NotEqual(first.Token, second.Token);
    }

    [Fact]
    public async Task Open_WithAKeyUsedForAnotherTarget_IsMalformedAndHarmsNobody()
    {
        string key = NewKey;
        EdgeSession session = await Client.OpenAsync(Hosts.Target, key);

        (await Client.AskOpenAsync($"?target={Hosts.RefusingTarget}", key)).Require(TunnelError.Malformed, "key", "another target");

        await session.RequireEchoAsync(100);
    }

    [Fact]
    public async Task Open_WithAKeyWhoseOpenFailed_IsTriedAnew()
    {
        string key = NewKey;
        (await Client.AskOpenAsync($"?target={Hosts.RefusingTarget}", key)).Require(TunnelError.TargetRefused);

        await (await Client.OpenAsync(Hosts.Target, key)).RequireEchoAsync(100);
    }

    [Fact]
    public async Task Open_WithAKeyWhoseSessionHasEnded_IsGone()
    {
        string key = NewKey;
        EdgeSession session = await Client.OpenAsync(Hosts.Target, key);
        await session.RequireEchoAsync(100);
        (await session.EndAsync()).Require(204);

        (await Client.AskOpenAsync($"?target={Hosts.Target}", key)).Require(TunnelError.SessionGone); // its first bytes must not reach the target again
    }
}

public sealed class OpenAtTheConnectorTests(TunnelHosts hosts) : OpenEdgeTests(hosts, hosts => hosts.Connector);

public sealed class OpenThroughTheRelayTests(TunnelHosts hosts) : OpenEdgeTests(hosts, hosts => hosts.Relay)
{
    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(129)]
    [InlineData(5000)]
    public async Task Key_TooShortOrTooLong_IsMalformed(int length) =>
        (await Client.AskOpenAsync($"?target={Hosts.Target}", new string('k', length))).Require(TunnelError.Malformed, TunnelHeaders.OpenKey, "16 to 128");

    [Theory]
    [InlineData(16)]
    [InlineData(128)]
    public async Task Key_AtTheLimits_IsTaken(int length) => (await Client.AskOpenAsync($"?target={Hosts.Target}", new string('k', length))).Require(201);
}

public sealed class OpenThroughTheRelayInHttp2Tests(TunnelHosts hosts) : OpenEdgeTests(hosts, hosts => hosts.RelayInHttp2);
