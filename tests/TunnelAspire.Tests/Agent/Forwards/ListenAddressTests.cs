using System.Net;
using TunnelAspire.Agent.Forwards;

namespace TunnelAspire.Tests.Agent.Forwards;

public sealed class ListenAddressTests
{
    [Theory]
    [InlineData("1080", "127.0.0.1:1080")]
    [InlineData("0", "127.0.0.1:0")]
    [InlineData("localhost:1080", "127.0.0.1:1080")]
    [InlineData("192.0.2.1:1080", "192.0.2.1:1080")]
    [InlineData("[::1]:1080", "[::1]:1080")]
    [InlineData("*:1080", "[::]:1080")]
    public void Parse_OfWhatSshTakes_IsRead(string text, string listen) => Assert.Equal(IPEndPoint.Parse(listen), ListenAddress.Parse(text));

    [Theory]
    [InlineData("", "'' is no port")]
    [InlineData("65536", "'65536' is no port")]
    [InlineData("-1", "'-1' is no port")]
    [InlineData("socks", "'socks' is no port")]
    [InlineData("host:1080", "'host' is no address")]
    [InlineData("1:2:3", "[bind:]port is expected")]
    [InlineData("/tmp/socks.sock", "is no port")]
    public void Parse_OfAnythingElse_SaysWhatIsWrong(string text, string why)
    {
        FormatException refusal = Assert.Throws<FormatException>(() => ListenAddress.Parse(text));

        Assert.StartsWith($"'{text}' is no address to listen on: ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }
}
