using TunnelAspire.Connector;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Routing;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Edge;

/// <summary>A connector with a cluster key, asked past its relays.</summary>
public sealed class TrustEdgeTests(GuardedHosts hosts) : IClassFixture<GuardedHosts>, IDisposable
{
    private static readonly ClusterKeys Keys = new(GuardedHosts.ClusterKey);

    private readonly EdgeClient _connector = new(hosts.Connector);

    public static TheoryData<string, string> Requests => new()
    {
        { "POST", $"{TunnelPaths.Sessions}?target=TARGET" },
        { "POST", $"{TunnelPaths.Sessions}/ID/send?offset=0" },
        { "GET", $"{TunnelPaths.Sessions}/ID/receive?ack=0" },
        { "DELETE", $"{TunnelPaths.Sessions}/ID" },
    };

    public void Dispose() => _connector.Dispose();

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Request_WithoutAProof_IsRefused(string method, string path)
    {
        EdgeSession session = await OpenThroughRelayAsync();
        ConnectorAddress self = await hosts.RegisteredAsync();
        string?[] proofs =
        [
            null, "", "wrong", new string('A', 43), new RelayProofs(new ClusterKeys("another key, of another cluster!!")).For(self),
            Proof(self with { Name = "other" }), Proof(self with { Url = new Uri("http://127.0.0.1:1") }), Proof(self with { Epoch = self.Epoch - 1 }),
            Keys.Sign(RelayAdmission.ListPurpose, ""), new SessionTokens(Keys).For(SessionId.New()),
        ];

        foreach (string? proof in proofs)
        {
            (string, string)[] headers = [session.Admission, (TunnelHeaders.Caller, "ann"), GuardedHosts.Bearer(GuardedHosts.Ann), (TunnelHeaders.Epoch, WireText.Format(self.Epoch))];
            Answer answer = await AskAsync(method, path, session, proof is null ? headers : [.. headers, (TunnelHeaders.Proof, proof)]);
            answer.Require(TunnelError.UntrustedRelay, "cluster");
        }

        await session.RequireEchoAsync(100);
        await session.EndAsync();
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Request_WithAProof_IsAnswered(string method, string path)
    {
        EdgeSession session = await OpenThroughRelayAsync();
        ConnectorAddress self = await hosts.RegisteredAsync();

        Answer answer = await AskAsync(method, path, session, session.Admission, (TunnelHeaders.Proof, Proof(self)), (TunnelHeaders.Epoch, WireText.Format(self.Epoch)));

        Assert.InRange(answer.Status, 200, 204);
    }

    [Fact]
    public async Task Request_ForAnEarlierRun_LearnsThatItsSessionIsGone()
    {
        EdgeSession session = await OpenThroughRelayAsync();
        ConnectorAddress earlier = (await hosts.RegisteredAsync()) with { Epoch = 17 };

        (await AskAsync("GET", $"{session.Path}/receive?ack=0", session, session.Admission, (TunnelHeaders.Proof, Proof(earlier)), (TunnelHeaders.Epoch, "17")))
            .Require(TunnelError.SessionGone, "restarted");
        await session.EndAsync();
    }

    [Fact]
    public async Task Open_OfAProvedRelay_BelongsToTheCallerThatItNames()
    {
        ConnectorAddress self = await hosts.RegisteredAsync();
        const string key = "a-key-of-24-characters-or-so";

        Answer answer = await _connector.AskAsync(
            HttpMethod.Post, $"{TunnelPaths.Sessions}?target={hosts.Target}", EdgeClient.Bytes([]),
            (TunnelHeaders.Proof, Proof(self)), (TunnelHeaders.Caller, "jwt%3A%C3%84nn%20%2F%2C"), (TunnelHeaders.Roles, "a%2Cb,c"), (TunnelHeaders.OpenKey, key));

        Assert.Equal(SessionId.FromOpenKey(key, "jwt:Änn /,").ToString(), answer.Require(201).Headers[TunnelHeaders.Session]);
    }

    [Fact]
    public async Task List_NeedsTheOperatorsSignature()
    {
        string relays = Proof(await hosts.RegisteredAsync());

        (await _connector.AskAsync(HttpMethod.Get, "/sessions")).Require(TunnelError.UntrustedRelay, TunnelHeaders.Proof);
        (await _connector.AskAsync(HttpMethod.Get, "/sessions", null, (TunnelHeaders.Proof, relays))).Require(TunnelError.UntrustedRelay);
        Assert.Equal(200, (await _connector.AskAsync(HttpMethod.Get, "/sessions", null, (TunnelHeaders.Proof, Keys.Sign(RelayAdmission.ListPurpose, "")))).Status);
    }

    private static string Proof(ConnectorAddress connector) => new RelayProofs(Keys).For(connector)!;

    private Task<Answer> AskAsync(string method, string path, EdgeSession session, params (string, string)[] headers) => _connector.AskAsync(
        new HttpMethod(method),
        path.Replace("ID", session.Id, StringComparison.Ordinal).Replace("TARGET", hosts.Target, StringComparison.Ordinal),
        method == "POST" ? EdgeClient.Bytes([]) : null,
        headers);

    private async Task<EdgeSession> OpenThroughRelayAsync()
    {
        EdgeClient relay = new(hosts.Relay);
        Answer answer = (await relay.AskAsync(
            HttpMethod.Post, $"{TunnelPaths.Sessions}?target={hosts.Target}", EdgeClient.Bytes([]), GuardedHosts.Bearer(GuardedHosts.Ann))).Require(201);
        return new EdgeSession(relay, answer.Headers[TunnelHeaders.Session], answer.Headers[TunnelHeaders.Token]);
    }
}
