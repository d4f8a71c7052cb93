using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Edge;

public abstract class CrowdEdgeTests(TunnelHosts hosts, Func<TunnelHosts, Uri> entrance) : EdgeTests(hosts, entrance)
{
    private const int Crowd = 200;
    private const int Megabyte = 1024 * 1024;

    [Fact]
    public async Task Crowd_OfMalformedRequests_LeavesAnotherSessionIntact()
    {
        Task<Answer[]> crowd = Task.WhenAll(Enumerable.Range(0, Crowd).Select(number => Task.Run(() => AskWronglyAsync(number))));

        for (int sent = 0; sent < Megabyte; sent += TunnelHosts.MaxBody)
        {
            await Session.RequireEchoAsync(TunnelHosts.MaxBody);
        }

        Assert.All(await crowd, answer => Assert.InRange(answer.Status, 400, 424));
        await RequireUnharmedAsync();
    }

    [Fact]
    public async Task Crowd_OfSessionsThatEndBadly_LeavesAnotherSessionIntact()
    {
        Task[] crowd = [.. Enumerable.Range(0, 50).Select(_ => Task.Run(async () =>
        {
            EdgeSession session = await Client.OpenAsync(Hosts.Target);
            await session.RequireEchoAsync(1000);
            (await session.ReceiveAsync("?ack=1001")).Require(TunnelError.Malformed);
            (await session.ReceiveAsync("?ack=1000")).Require(TunnelError.SessionGone);
        }))];

        for (int sent = 0; sent < Megabyte; sent += TunnelHosts.MaxBody)
        {
            await Session.RequireEchoAsync(TunnelHosts.MaxBody);
        }

        await Task.WhenAll(crowd).Soon();
    }

    private Task<Answer> AskWronglyAsync(int number) => (number % 8) switch
    {
        0 => Session.SendAsync($"?offset=-{number}", new byte[100]),
        1 => Session.ReceiveAsync("?ack=text"),
        2 => Session.SendAsync("?offset=0", new byte[TunnelHosts.MaxBody + 1]),
        3 => Session.SendAsync("?offset=9999999999", new byte[100]),
        4 => Client.AskOpenAsync("?target=nothing"),
        5 => Client.AskOpenAsync($"?target={Hosts.RefusingTarget}"),
        6 => Client.AskAsync(HttpMethod.Delete, Session.Path, null, (TunnelHeaders.Token, "wrong")),
        _ => Client.AskAsync(HttpMethod.Put, Session.Path, null, Session.Admission),
    };
}

public sealed class CrowdAtTheConnectorTests(TunnelHosts hosts) : CrowdEdgeTests(hosts, hosts => hosts.Connector);

public sealed class CrowdThroughTheRelayTests(TunnelHosts hosts) : CrowdEdgeTests(hosts, hosts => hosts.Relay);

public sealed class CrowdThroughTheRelayInHttp2Tests(TunnelHosts hosts) : CrowdEdgeTests(hosts, hosts => hosts.RelayInHttp2);
