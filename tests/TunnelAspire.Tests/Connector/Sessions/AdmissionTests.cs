using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using TunnelAspire.Connector;
using TunnelAspire.Connector.Policy;
using TunnelAspire.Connector.Sessions;
using TunnelAspire.Connector.Targets;
using TunnelAspire.Http.Identity;
using TunnelAspire.Protocol.Sockets;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Connector.Policy;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Connector.Sessions;

public sealed class AdmissionTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public AdmissionTests() => _listener.Start();

    private int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose() => _listener.Dispose();

    [Theory]
    [InlineData("127.0.0.1:*", "127.0.0.1")]
    [InlineData("127.0.0.0/8:*", "127.0.0.1")]
    [InlineData("localhost:*", "localhost")]
    [InlineData("LOCALHOST:*", "localhost")]
    [InlineData("127.0.0.0/8:*", "localhost")]
    [InlineData("127.0.0.1:*", "127.1")]
    [InlineData("127.0.0.1:*", "0x7f000001")]
    public async Task Dial_AnAllowedTargetThatListens_Connects(string allowed, string host)
    {
        using ReadySocket dialled = await DialAsync(host, Port, allowed);
        using Socket accepted = await _listener.AcceptSocketAsync().Soon();

        Assert.Equal(dialled.LocalEndPoint, accepted.RemoteEndPoint);
        Assert.True(dialled.Socket.NoDelay);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1", "db.internal:*")]
    [InlineData("127.0.0.1", "127.0.0.2:*", "10.0.0.0/8:*")]
    [InlineData("127.0.0.1", "localhost:*")]
    [InlineData("127.0.0.1", "127.0.0.1:1")]
    [InlineData("localhost")]
    [InlineData("localhost", "local:*")]
    [InlineData("127.0.0.1", "*:*")]
    [InlineData("127.1", "*:*")]
    [InlineData("2130706433", "*:*")]
    [InlineData("localhost", "*:*")]
    [InlineData("localhost", "0.0.0.0/0:*", "[::]/0:*")]
    [InlineData("0.0.0.0", "*:*", "0.0.0.0/0:*")]
    [InlineData("::ffff:127.0.0.1", "*:*", "[::]/0:*")]
    [InlineData("::1", "*:*", "[::]/0:*")]
    [InlineData("::", "*:*")]
    [InlineData("localhost", "10.0.0.0/8:*")]
    [InlineData("localhost", "127.0.0.1:1")]
    public async Task Dial_ATargetThatIsNotAllowed_IsForbiddenAndNotConnected(string host, params string[] allowed)
    {
        await RefusesAsync(TunnelError.ForbiddenTarget, host, Port, allowed);

        Assert.False(_listener.Pending());
    }

    [Fact]
    public async Task Dial_ATargetThatIsForbidden_SaysNothingButItsName()
    {
        TunnelException refusal = await RefusesAsync(TunnelError.ForbiddenTarget, "localhost", Port, "10.0.0.0/8:*");

        Assert.DoesNotContain("127.0.0.1", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dial_APortWhereNobodyListens_IsRefused()
    {
        int port = Port;
        _listener.Stop();

        TunnelException refusal = await RefusesAsync(TunnelError.TargetRefused, "127.0.0.1", port, "127.0.0.1:*");

        Assert.Contains($"127.0.0.1:{port}", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public Task Dial_AnAllowedNameThatDoesNotResolve_SaysSo() =>
        RefusesAsync(TunnelError.TargetNotResolved, "nothing.invalid", 80, "*.invalid:*");

    [Fact]
    public Task Dial_ANameThatNoPatternNames_IsForbiddenWhetherItResolvesOrNot() =>
        RefusesAsync(TunnelError.ForbiddenTarget, "nothing.invalid", 80, "127.0.0.0/8:*");

    [Fact]
    public async Task Dial_CancelledByTheCaller_IsNoTimeOut()
    {
        using CancellationTokenSource over = new();
        await over.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => AdmitAsync(new TargetAddress("127.0.0.1", Port), over.Token, "127.0.0.1:*").Soon());
    }

    [Theory]
    [InlineData("unix:{0}/*.sock")]
    [InlineData("unix:{0}/a.sock")]
    public async Task Dial_AnAllowedUnixSocketThatListens_Connects(string allowed)
    {
        using UnixListener listener = new();
        using ReadySocket dialled = (await AdmitAsync(listener.Target, CancellationToken.None, string.Format(CultureInfo.InvariantCulture, allowed, listener.Folder)).Soon()).Socket;
        using Socket accepted = await listener.Socket.AcceptAsync().Soon();

        await dialled.PutAsync("x"u8.ToArray(), CancellationToken.None).Soon();
        Assert.Equal(1, await accepted.ReceiveAsync(new byte[9]).Soon());
    }

    [Theory]
    [InlineData("*:*")]
    [InlineData("unix:/run/*")]
    public async Task Dial_AUnixSocketThatIsNotNamed_IsForbiddenAndNotConnected(string allowed)
    {
        using UnixListener listener = new();
        TunnelException refusal = await Assert.ThrowsAsync<TunnelException>(() => AdmitAsync(listener.Target, CancellationToken.None, allowed).Soon());

        Assert.Equal(TunnelError.ForbiddenTarget, refusal.Error);
        Assert.False(listener.Socket.Poll(0, SelectMode.SelectRead));
    }

    [Fact]
    public async Task Dial_AUnixSocketWhereNobodyListens_IsRefused()
    {
        using UnixListener listener = new();
        TargetAddress missing = new($"{listener.Folder}/b.sock", 0);
        TunnelException refusal = await Assert.ThrowsAsync<TunnelException>(() => AdmitAsync(missing, CancellationToken.None, $"unix:{listener.Folder}/*").Soon());

        Assert.Equal(TunnelError.TargetRefused, refusal.Error);
        Assert.Contains(missing.ToString(), refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dial_OfWhatWasDecided_GoesToTheAddressThatWasCheckedAndAsksNoResolverAgain()
    {
        PolicyRule rule = Rules.Allow("local", ["*"], "127.0.0.1:*");
        Verdict[] verdicts = [new(IPAddress.Loopback, rule, rule.Targets[0], null), new(IPAddress.Parse("192.0.2.1"), null, null, null)];
        Decision decision = new(new TargetAddress("rebound.invalid", Port), verdicts); // the name itself resolves to nothing

        using ReadySocket dialled = await TargetDialer.DialAsync(decision, CancellationToken.None).Soon();

        Assert.Equal(new IPEndPoint(IPAddress.Loopback, Port), dialled.RemoteEndPoint);
        Assert.Equal([new IPEndPoint(IPAddress.Loopback, Port)], decision.Places);
    }

    [Fact]
    public void AllowList_WithAMalformedPattern_NamesIt()
    {
        FormatException refusal = Assert.Throws<FormatException>(() => Rules.Source(new ConnectorOptions { Allow = ["127.0.0.1:*", "wrong"] }));

        Assert.Contains("'wrong'", refusal.Message, StringComparison.Ordinal);
    }

    private static Task<Admitted> AdmitAsync(TargetAddress target, CancellationToken cancellationToken, params string[] allowed)
    {
        IOptions<ConnectorOptions> options = Options.Create(new ConnectorOptions { Allow = allowed, ConnectTimeout = TimeSpan.FromSeconds(10) });
        Admission admission = new(Rules.Source(options.Value), Rules.Quotas(TimeProvider.System), options);
        return admission.AdmitAsync(new Opening(SessionId.New(), target, Caller.Anonymous), cancellationToken);
    }

    private static async Task<ReadySocket> DialAsync(string host, int port, params string[] allowed) =>
        (await AdmitAsync(new TargetAddress(host, port), CancellationToken.None, allowed).Soon()).Socket;

    private static async Task<TunnelException> RefusesAsync(TunnelError error, string host, int port, params string[] allowed)
    {
        TunnelException refusal = await Assert.ThrowsAsync<TunnelException>(() => DialAsync(host, port, allowed));
        Assert.Equal(error, refusal.Error);
        return refusal;
    }
}
