using System.Net;
using TunnelAspire.Agent;
using TunnelAspire.Agent.Http;
using TunnelAspire.Protocol.Carriers;

namespace TunnelAspire.Tests.Agent.Http;

/// <summary>Which proxy is meant, who the agent is there, and what is said where the proxy refuses.</summary>
public sealed class ForwardProxyTests
{
    private static readonly Uri Address = new("http://proxy.example:3128");
    private readonly AgentOptions _options = new() { Server = "http://relay.example", Proxy = Address.AbsoluteUri };

    [Fact]
    public void Find_None_IsNone()
    {
        _options.Proxy = AgentOptions.NoProxy;

        Assert.Null(ForwardProxy.Find(_options));
    }

    [Theory]
    [InlineData("http://proxy.example:3128", "", null, null, "")]
    [InlineData("http://clerk:a%3Ab@proxy.example:3128", "", "clerk", "a:b", "")]
    [InlineData("http://proxy.example:3128", "clerk:a:b", "clerk", "a:b", "")]
    [InlineData("http://other:x@proxy.example:3128", "clerk:secret", "clerk", "secret", "")]
    [InlineData("http://proxy.example:3128", "OFFICE\\clerk:secret", "clerk", "secret", "OFFICE")]
    public void Find_WithALogin_KeepsItOutOfTheAddress(string url, string user, string? name, string? password, string domain)
    {
        (_options.Proxy, _options.ProxyUser) = (url, user);

        ForwardProxy? proxy = ForwardProxy.Find(_options);

        Assert.Equal(Address, proxy?.Address);
        Assert.Equal((name, password), (proxy?.Login?.UserName, proxy?.Login?.Password));
        Assert.Equal(domain, proxy?.Login?.Domain ?? "");
    }

    [Fact]
    public void Find_WithAColonOnly_IsWhoeverIsLoggedIn()
    {
        _options.ProxyUser = ":";

        Assert.Same(CredentialCache.DefaultNetworkCredentials, ForwardProxy.Find(_options)?.Login);
    }

    [Theory]
    [InlineData("http://relay.example", "http://proxy.example", true)]
    [InlineData("https://relay.example", "http://proxy.example", false)]
    [InlineData("http://relay.example", "socks5://proxy.example", false)]
    public void ReadsRequestsTo_ServersWithoutTls_ThroughHttpProxies(string server, string proxy, bool reads) =>
        Assert.Equal(reads, new ForwardProxy(new Uri(proxy), null).ReadsRequestsTo(new Uri(server)));

    [Fact]
    public void Demand_OfARefusal_NamesProductAndSchemes()
    {
        using HttpResponseMessage answer = ProxyDemand.Parse(
            "HTTP/1.1 407 Proxy Authentication Required\r\nServer: squid/5.7\r\nProxy-Authenticate: Negotiate\r\nproxy-authenticate: Basic realm=\"an office\"\r\n\r\nProxy-Authenticate: Digest");

        ProxyDemand demand = ProxyDemand.Of(answer);

        Assert.Equal("squid/5.7", demand.Product);
        Assert.Equal(["Negotiate", "Basic"], demand.Schemes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("HTTP/1.1 407\r\nProxy-Authenticate\r\n: x\r\nServer: \0\r\n\r\n")]
    public void Demand_OfNonsense_IsEmpty(string head)
    {
        using HttpResponseMessage answer = ProxyDemand.Parse(head);

        Assert.Empty(ProxyDemand.Of(answer).Schemes);
    }

    [Theory]
    [InlineData(null, "proxy squid/5.7 at proxy.example:3128 wants Basic or Digest credentials: give --proxy-user USER, and the password in TUNNEL_PROXY_PASSWORD")]
    [InlineData("clerk", "proxy squid/5.7 at proxy.example:3128 wants Basic or Digest credentials, and did not accept user 'clerk' with the password given")]
    [InlineData("", "proxy squid/5.7 at proxy.example:3128 wants Basic or Digest credentials, and did not accept those of whoever is logged in")]
    public void Unauthenticated_SaysWhoWantsWhat_AndNoPassword(string? user, string message)
    {
        ForwardProxy proxy = new(Address, user is null ? null : new NetworkCredential(user, "secret"));

        CarrierException failure = PathFailure.Unauthenticated(new ProxyDemand("squid/5.7", ["Basic", "Digest"]), proxy);

        Assert.Equal(CarrierFault.Barred, failure.Fault);
        Assert.Equal(message, failure.Message);
    }

    [Fact]
    public void Unauthenticated_ByAProxyThatNobodyNamed_SaysSo() => Assert.Equal(
        "proxy on the way wants Basic credentials; the agent does not know of it: give --proxy",
        PathFailure.Unauthenticated(new ProxyDemand("", ["Basic"]), null).Message);
}
