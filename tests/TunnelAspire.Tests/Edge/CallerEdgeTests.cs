using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Edge;

/// <summary>Who may open a session, and what strangers learn about those of others.</summary>
public sealed class CallerEdgeTests(GuardedHosts hosts) : IClassFixture<GuardedHosts>, IDisposable
{
    private static readonly (string Name, string Value) Ann = GuardedHosts.Bearer(GuardedHosts.Ann);
    private static readonly (string Name, string Value) Bob = GuardedHosts.Bearer(GuardedHosts.Bob);

    private readonly EdgeClient _client = new(hosts.Relay);

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Open_ByWhoShowsNothing_IsUnauthenticated()
    {
        (string, string)[][] requests = [[], [("Authorization", "")], [("Authorization", "Basic YW5uOnNlY3JldA==")], [(TunnelHeaders.Caller, "ann")]];

        foreach ((string, string)[] headers in requests)
        {
            Answer answer = (await OpenAsync(headers)).Require(TunnelError.Unauthenticated, "a token is needed");
            Assert.Equal("Bearer", answer.Headers["WWW-Authenticate"]);
        }
    }

    [Fact]
    public async Task Open_ByWhoShowsAWrongToken_IsUnauthenticated()
    {
        string[] wrong = ["wrong", GuardedHosts.Ann[..^1], GuardedHosts.Ann + "A", GuardedHosts.Ann.ToUpperInvariant(), "a.b.c", new string('x', 10_000)];

        foreach (string token in wrong)
        {
            Answer answer = (await OpenAsync(GuardedHosts.Bearer(token))).Require(TunnelError.Unauthenticated, "not one that is known");
            Assert.Equal("Bearer error=\"invalid_token\"", answer.Headers["WWW-Authenticate"]);
        }
    }

    [Fact]
    public async Task Open_WithTwoTokens_IsUnauthenticated() => (await OpenAsync(Ann, Ann)).Require(TunnelError.Unauthenticated);

    [Fact]
    public async Task Open_WithATokenThatHasExpired_SaysSo() =>
        (await OpenAsync(GuardedHosts.Bearer(GuardedHosts.Late))).Require(TunnelError.Unauthenticated, "late has expired at 1970-01-01");

    [Fact]
    public async Task Open_ByAStranger_DoesNotEvenDialTheTarget()
    {
        (await _client.AskAsync(HttpMethod.Post, $"{TunnelPaths.Sessions}?target={SlotOf(hosts)}", EdgeClient.Bytes([]))).Require(TunnelError.Unauthenticated);

        Assert.False(hosts.PlayedTarget.Pending());
    }

    [Fact]
    public async Task Open_RepeatedByTheSameCaller_FindsTheSameSession()
    {
        EdgeSession first = await OpenedAsync(Ann, "a-key-of-ann-of-24-chars");
        EdgeSession second = await OpenedAsync(Ann, "a-key-of-ann-of-24-chars");

        Assert.Equal((first.Id, first.Token), (second.Id, second.Token));
        await first.EndAsync();
    }

    [Fact]
    public async Task Open_WithAnothersKey_OpensAnotherSession()
    {
        EdgeSession anns = await OpenedAsync(Ann, "a-key-that-both-of-them-have");
        EdgeSession bobs = await OpenedAsync(Bob, "a-key-that-both-of-them-have");

        Assert.NotEqual((anns.Id, anns.Token), (bobs.Id, bobs.Token));
        await anns.RequireEchoAsync(100);
        await bobs.EndAsync();
        await anns.RequireEchoAsync(100);
        await anns.EndAsync();
    }

    [Fact]
    public async Task Open_ThatNamesACallerItself_IsTheTokens()
    {
        const string key = "a-key-of-ann-who-would-be-bob";

        Answer answer = (await OpenAsync(Ann, (TunnelHeaders.OpenKey, key), (TunnelHeaders.Caller, "bob"), (TunnelHeaders.Session, SessionId.New().ToString()))).Require(201);

        Assert.Equal(SessionId.FromOpenKey(key, "ann").ToString(), answer.Headers[TunnelHeaders.Session]);
    }

    [Theory]
    [InlineData("POST", "/send?offset=0&n=1")]
    [InlineData("GET", "/receive?ack=0&n=1")]
    [InlineData("DELETE", "?n=1")]
    public async Task Stranger_CannotTellASessionFromNone(string method, string rest)
    {
        EdgeSession anns = await OpenedAsync(Ann);
        EdgeSession bobs = await OpenedAsync(Bob);
        EdgeSession ended = await OpenedAsync(Ann);
        (await ended.EndAsync()).Require(204);
        (string, string)[][] admissions =
        [
            [], [(TunnelHeaders.Token, "wrong")], [(TunnelHeaders.Token, new string('A', 43))], [bobs.Admission], [Bob], [bobs.Admission, Bob], [Ann],
            [(TunnelHeaders.Token, anns.Token.ToLowerInvariant())], [(TunnelHeaders.Epoch, "1"), bobs.Admission], [(TunnelHeaders.Proof, "x"), bobs.Admission],
        ];

        foreach ((string, string)[] admission in admissions)
        {
            Answer[] answers = await Task.WhenAll(new[] { SessionId.New().ToString(), anns.Id, ended.Id }.Select(id =>
                _client.AskAsync(new HttpMethod(method), $"{TunnelPaths.Sessions}/{id}{rest}", method == "POST" ? EdgeClient.Bytes([1, 2, 3]) : null, admission)));
            Assert.All(answers, answer => answer.Require(TunnelError.SessionUnknown, "no such session"));
            Assert.Single(answers.Select(answer => answer.Looks).Distinct());
        }

        await anns.RequireEchoAsync(100);
        await anns.EndAsync();
        await bobs.EndAsync();
    }

    [Theory]
    [InlineData("GET", TunnelPaths.Path)]
    [InlineData("POST", TunnelPaths.PathSend)]
    [InlineData("GET", TunnelPaths.PathReceive + "?parts=1&size=1000")]
    public async Task Probe_ByAStranger_IsUnauthenticated(string method, string path)
    {
        (await _client.AskAsync(new HttpMethod(method), path)).Require(TunnelError.Unauthenticated, "a token is needed");
        (await _client.AskAsync(new HttpMethod(method), path, method == "POST" ? EdgeClient.Bytes([1]) : null, Ann)).Require(200);
    }

    private static string SlotOf(GuardedHosts hosts) => TunnelHosts.Address(hosts.PlayedTarget);

    private Task<Answer> OpenAsync(params (string, string)[] headers) =>
        _client.AskAsync(HttpMethod.Post, $"{TunnelPaths.Sessions}?target={hosts.Target}", EdgeClient.Bytes([]), headers);

    private async Task<EdgeSession> OpenedAsync((string, string) caller, string? key = null)
    {
        Answer answer = (await OpenAsync([caller, .. key is null ? [] : new[] { (TunnelHeaders.OpenKey, key) }])).Require(201);
        return new EdgeSession(_client, answer.Headers[TunnelHeaders.Session], answer.Headers[TunnelHeaders.Token]);
    }
}
