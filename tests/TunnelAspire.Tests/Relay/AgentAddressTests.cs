using System.Net;
using Microsoft.AspNetCore.Http;
using TunnelAspire.Http;

namespace TunnelAspire.Tests.Relay;

public sealed class AgentAddressTests
{
    [Theory]
    [InlineData("192.0.2.7", "", "198.51.100.1", "192.0.2.7")]
    [InlineData("192.0.2.7", "10.0.0.0/8", "198.51.100.1", "192.0.2.7")]
    [InlineData("::ffff:192.0.2.7", "", null, "192.0.2.7")]
    [InlineData("10.0.0.1", "10.0.0.0/8", null, "10.0.0.1")]
    [InlineData("10.0.0.1", "10.0.0.0/8", "198.51.100.1", "198.51.100.1")]
    [InlineData("::ffff:10.0.0.1", "10.0.0.1", "198.51.100.1:4711", "198.51.100.1")]
    [InlineData("10.0.0.1", "10.0.0.0/8", "203.0.113.66, 198.51.100.1, 10.0.0.9", "198.51.100.1")]
    [InlineData("10.0.0.1", "10.0.0.0/8, 2001:db8::/32", "2001:db9::1, [2001:db8::5]:80", "2001:db9::1")]
    [InlineData("10.0.0.1", "10.0.0.0/8", "198.51.100.1, unknown", "10.0.0.1")]
    [InlineData("10.0.0.1", "10.0.0.0/8", "10.0.0.7, 10.0.0.8", "10.0.0.7")]
    public void Of_ARequest_GoesBackAsFarAsProxiesAreTrusted(string connection, string trusted, string? forwarded, string agent)
    {
        DefaultHttpContext context = new();
        context.Connection.RemoteIpAddress = IPAddress.Parse(connection);
        context.Request.Headers["X-Forwarded-For"] = forwarded;

        Assert.Equal(agent, new AgentAddress([trusted]).Of(context)?.ToString());
    }

    [Fact]
    public void Of_AChainWithoutEnd_StopsSomewhere()
    {
        DefaultHttpContext context = new();
        context.Connection.RemoteIpAddress = IPAddress.Parse("10.0.0.1");
        context.Request.Headers["X-Forwarded-For"] = "198.51.100.1," + string.Join(',', Enumerable.Repeat("10.0.0.2", 1000));

        Assert.Equal("10.0.0.2", new AgentAddress(["10.0.0.0/8"]).Of(context)?.ToString());
    }

    [Fact]
    public void Proxies_ThatAreNoAddresses_AreNamed() =>
        Assert.Contains("'proxy.internal'", Assert.Throws<FormatException>(() => new AgentAddress(["10.0.0.1", "proxy.internal"])).Message, StringComparison.Ordinal);
}
