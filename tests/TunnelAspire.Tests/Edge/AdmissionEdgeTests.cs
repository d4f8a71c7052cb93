using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Edge;

public abstract class AdmissionEdgeTests(TunnelHosts hosts, Func<TunnelHosts, Uri> entrance) : EdgeTests(hosts, entrance)
{
    private static readonly string Nobody = SessionId.New().ToString();

    [Theory]
    [InlineData("POST", "/send?offset=0")]
    [InlineData("GET", "/receive?ack=0")]
    [InlineData("DELETE", "")]
    public async Task Request_WithoutTheSessionsToken_FindsNoSession(string method, string rest)
    {
        EdgeSession other = await Client.OpenAsync(Hosts.Target);
        (string, string)[][] admissions =
        [
            [], [(TunnelHeaders.Token, "")], [(TunnelHeaders.Token, "wrong")], [(TunnelHeaders.Token, new string('A', 43))], [other.Admission],
            [(TunnelHeaders.Token, Session.Token[..^1])], [(TunnelHeaders.Token, Session.Token + "A")], [("Authorization", $"Bearer {Session.Token}")],
            [(TunnelHeaders.Token, Session.Token), (TunnelHeaders.Token, Session.Token)],
        ];

        foreach ((string, string)[] admission in admissions)
        {
            Answer refused = (await Client.AskAsync(new HttpMethod(method), Session.Path + rest, null, admission)).Require(TunnelError.SessionUnknown, "no such session");
            Answer none = await Client.AskAsync(new HttpMethod(method), $"{TunnelPaths.Sessions}/{Nobody}{rest}", null, admission);
            Assert.Equal(none.Looks, refused.Looks);
        }

        await RequireUnharmedAsync();
        (await other.EndAsync()).Require(204);
    }

    [Theory]
    [InlineData("POST", "/send?offset=0")]
    [InlineData("GET", "/receive?ack=0")]
    [InlineData("DELETE", "")]
    public async Task Session_ThatIsNone_IsUnknown(string method, string rest)
    {
        string[] ids = [Nobody, Session.Id[..^1], Session.Id + "A", "short", $"{Session.Id[..^1]}%2F", $"{Session.Id[..^1]}%20", new string('x', 2000)];

        foreach (string id in ids)
        {
            (await Client.AskAsync(new HttpMethod(method), $"{TunnelPaths.Sessions}/{id}{rest}", null, Session.Admission))
                .Require(TunnelError.SessionUnknown, "no such session");
        }

        await RequireUnharmedAsync();
    }

    [Theory]
    [InlineData("GET", "", "POST")]
    [InlineData("PUT", "", "POST")]
    [InlineData("DELETE", "", "POST")]
    [InlineData("GET", "/ID", "DELETE")]
    [InlineData("POST", "/ID", "DELETE")]
    [InlineData("GET", "/ID/send?offset=0", "POST")]
    [InlineData("PUT", "/ID/send?offset=0", "POST")]
    [InlineData("POST", "/ID/receive?ack=0", "GET")]
    [InlineData("DELETE", "/ID/receive?ack=0", "GET")]
    [InlineData("PROPFIND", "/ID/receive?ack=0", "GET")]
    public async Task Method_ThatThePathDoesNotTake_IsNotAllowed(string method, string path, string allowed)
    {
        string whole = TunnelPaths.Sessions + path.Replace("ID", Session.Id, StringComparison.Ordinal);

        Answer answer = (await Client.AskAsync(new HttpMethod(method), whole, null, Session.Admission)).Require(TunnelError.MethodNotAllowed, method);

        Assert.Equal(allowed, answer.Headers["Allow"]);
        await RequireUnharmedAsync();
    }

    [Theory]
    [InlineData("GET", "/ID/nothing")]
    [InlineData("POST", "/ID/send/more?offset=0")]
    [InlineData("GET", "/ID/receive/more?ack=0")]
    [InlineData("POST", "/ID//send?offset=0")]
    [InlineData("GET", "//")]
    public async Task Path_ThatDoesNotExist_FindsNoSession(string method, string path)
    {
        string whole = TunnelPaths.Sessions + path.Replace("ID", Session.Id, StringComparison.Ordinal);

        (await Client.AskAsync(new HttpMethod(method), whole, null, Session.Admission)).Require(TunnelError.SessionUnknown, "no such");
        await RequireUnharmedAsync();
    }

    [Fact]
    public async Task Path_OutsideTheProtocol_GetsTheWebServersAnswer()
    {
        Answer answer = await Client.AskAsync(HttpMethod.Get, "/v1/other", null, Session.Admission);

        Assert.Equal(404, answer.Status);
        Assert.DoesNotContain(TunnelHeaders.Version, answer.Headers.Keys);
    }

    [Fact]
    public async Task Request_AfterTheEnd_FindsTheSessionOver()
    {
        (await Session.EndAsync()).Require(204);

        Answer[] answers = [await Session.SendAsync("?offset=0"), await Session.ReceiveAsync("?ack=0"), await Session.EndAsync()];

        Assert.All(answers, answer => answer.Require(TunnelError.SessionGone)); // its route stands until the lease ends
    }

    [Fact]
    public async Task Request_AfterAProtocolError_FindsTheSessionOverEverywhere()
    {
        (await Session.ReceiveAsync("?ack=1")).Require(TunnelError.Malformed);

        (await Session.EndAsync()).Require(TunnelError.SessionGone);
        await RequireGoneAsync();
    }

    [Fact]
    public async Task Number_OfTheRequest_ComesBackWithEveryAnswer()
    {
        Answer[] answers =
        [
            (await Session.SendAsync("?offset=0&n=17")).Require(200),
            (await Session.SendAsync("?n=17")).Require(TunnelError.Malformed),
            (await Session.ReceiveAsync("?ack=0&hold=0&n=17")).Require(200),
            (await Client.AskAsync(HttpMethod.Get, $"{TunnelPaths.Sessions}/{Nobody}/receive?n=17")).Require(TunnelError.SessionUnknown),
            (await Client.AskAsync(HttpMethod.Put, $"{TunnelPaths.Sessions}?n=17")).Require(TunnelError.MethodNotAllowed),
            (await Client.AskAsync(HttpMethod.Get, $"{TunnelPaths.Sessions}/a/b/c?n=17")).Require(TunnelError.SessionUnknown),
        ];

        Assert.All(answers, answer => Assert.Equal("17", answer.Headers[TunnelHeaders.Request]));
    }

    [Fact]
    public async Task Session_OfEveryAnswerThatKnowsTheToken_IsNamed()
    {
        Answer[] answers =
        [
            (await Session.SendAsync("?offset=0")).Require(200),
            (await Session.SendAsync("")).Require(TunnelError.Malformed),
            (await Session.ReceiveAsync("?ack=0&hold=0")).Require(200),
            (await Session.ReceiveAsync("?ack=5")).Require(TunnelError.Malformed),
            (await Session.ReceiveAsync("?ack=0")).Require(TunnelError.SessionGone),
        ];

        Assert.All(answers, answer => Assert.Equal(Session.Id, answer.Headers[TunnelHeaders.Session]));
    }

    [Fact]
    public async Task Query_TooLongForTheServer_IsRefused()
    {
        Answer answer = await Session.ReceiveAsync($"?ack=0&x={new string('x', 10_000)}");

        Assert.Contains(answer.Status, (int[])[400, 414]);
        await RequireUnharmedAsync();
    }

    [Fact]
    public async Task Header_TooLongForTheServer_IsRefused()
    {
        Answer answer = await Client.AskAsync(HttpMethod.Get, $"{Session.Path}/receive?ack=0", null, Session.Admission, ("X-Long", new string('x', 60_000)));

        Assert.Equal(431, answer.Status);
        await RequireUnharmedAsync();
    }
}

public sealed class AdmissionAtTheConnectorTests(TunnelHosts hosts) : AdmissionEdgeTests(hosts, hosts => hosts.Connector);

public sealed class AdmissionThroughTheRelayTests(TunnelHosts hosts) : AdmissionEdgeTests(hosts, hosts => hosts.Relay);
