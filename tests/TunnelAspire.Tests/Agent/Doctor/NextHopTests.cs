using TunnelAspire.Agent;
using TunnelAspire.Agent.Doctor;

namespace TunnelAspire.Tests.Agent.Doctor;

public sealed class NextHopTests
{
    [Theory]
    [InlineData("http://relay.example", "none", "relay.example:80", null, "none")]
    [InlineData("https://relay.example/edge", "none", "relay.example:443", null, "none")]
    [InlineData("http://[::1]:8080", "none", "[::1]:8080", null, "none")]
    [InlineData("https://relay.example", "http://name:secret@proxy:3128", "proxy:3128", "http://proxy:3128", "option")]
    public void Hop_IsTheServerOrTheProxy_AndTellsNoPassword(string server, string proxy, string authority, string? url, string source)
    {
        NextHop hop = NextHop.Of(new AgentOptions { Server = server, Proxy = proxy });

        Assert.Equal((authority, url, source), (hop.Authority, hop.Proxy, hop.Source));
        Assert.DoesNotContain("secret", string.Concat(hop.Lines().Select(line => line.Text)), StringComparison.Ordinal);
    }
}
