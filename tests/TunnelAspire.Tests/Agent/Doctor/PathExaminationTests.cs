using System.Net;
using TunnelAspire.Agent;
using TunnelAspire.Agent.Doctor;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Agent.Doctor;

public sealed class PathExaminationTests
{
    private static readonly Uri Asked = new("http://relay.example:8080/v1/path?n=1");
    private static readonly PathView Direct = new("HTTP/1.1", "192.0.2.1", null, null, "relay.example:8080", "relay-0", "1");

    public static TheoryData<string, string, string, string> Signs => new()
    {
        { "Server: nginx/1.22.1", "", "", "nginx/1.22.1 answers for the relay" },
        { "Via: 1.1 varnish", "", "", "answers come via 1.1 varnish" },
        { "", "via", "1.1 squid", "requests go via 1.1 squid" },
        { "", "forwardedFor", "192.0.2.9", "a proxy forwards for 192.0.2.9" },
        { "", "protocol", "HTTP/1.0", "asked in HTTP/1.1, the relay is asked in HTTP/1.0" },
        { "", "client", "198.51.100.1", "sent from 192.0.2.1, the relay sees 198.51.100.1: a proxy, or addresses are translated" },
        { "", "host", "inner:80", "asked for relay.example:8080, the relay is asked for inner:80" },
    };

    [Theory]
    [MemberData(nameof(Signs))]
    public void Find_WhereSomebodyIsInBetween_SaysWhatShowsIt(string header, string field, string value, string sign)
    {
        PathView seen = field switch
        {
            "via" => Direct with { Via = value },
            "forwardedFor" => Direct with { ForwardedFor = value },
            "protocol" => Direct with { Protocol = value },
            "client" => Direct with { Client = value },
            "host" => Direct with { Host = value },
            _ => Direct,
        };

        Assert.Equal([sign], Find(seen, header).Signs);
    }

    [Fact]
    public void Find_OnADirectPath_ShowsNobody()
    {
        PathFinding found = Find(Direct, "Server: Kestrel");

        Assert.Empty(found.Signs);
        Assert.True(found.KeepsConnections);
        Assert.Null(found.Server);
    }

    [Fact]
    public void Find_WithAForwardProxy_DoesNotWonderAtItsAddress() => Assert.Empty(Find(Direct with { Client = "198.51.100.1" }, "", []).Signs);

    [Fact]
    public void Find_WhereConnectionsAreClosed_NotesIt() => Assert.False(Find(Direct, "Connection: close").KeepsConnections);

    private static PathFinding Find(PathView seen, string header) => Find(seen, header, ["192.0.2.1"]);

    private static PathFinding Find(PathView seen, string header, string[] from)
    {
        using HttpResponseMessage answer = new(HttpStatusCode.OK);
        if (header.Length > 0)
        {
            answer.Headers.Add(header.Split(": ")[0], header.Split(": ")[1]);
        }

        return PathExamination.Find(answer, Asked, seen, new AgentOptions { Server = "http://relay.example:8080" }, from);
    }
}
