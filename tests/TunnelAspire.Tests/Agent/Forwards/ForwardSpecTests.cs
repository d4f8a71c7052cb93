using System.Net;
using System.Net.Sockets;
using TunnelAspire.Agent.Forwards;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Agent.Forwards;

public sealed class ForwardSpecTests
{
    [Theory]
    [InlineData("5432:db.internal:5432", "127.0.0.1:5432", "db.internal:5432")]
    [InlineData("0:db:1", "127.0.0.1:0", "db:1")]
    [InlineData("65535:db:65535", "127.0.0.1:65535", "db:65535")]
    [InlineData("8080:192.0.2.1:80", "127.0.0.1:8080", "192.0.2.1:80")]
    [InlineData("8080:[2001:db8::1]:80", "127.0.0.1:8080", "[2001:db8::1]:80")]
    [InlineData("localhost:8080:db:80", "127.0.0.1:8080", "db:80")]
    [InlineData("192.0.2.1:8080:db:80", "192.0.2.1:8080", "db:80")]
    [InlineData("0.0.0.0:8080:db:80", "0.0.0.0:8080", "db:80")]
    [InlineData("[::1]:8080:db:80", "[::1]:8080", "db:80")]
    [InlineData("[::1]:8080:[::2]:80", "[::1]:8080", "[::2]:80")]
    [InlineData("*:8080:[::1]:80", "[::]:8080", "[::1]:80")]
    [InlineData(":8080:db:80", "[::]:8080", "db:80")]
    public void Parse_OfWhatSshTakes_IsRead(string text, string listen, string target)
    {
        ForwardSpec spec = ForwardSpec.Parse(text);

        Assert.Equal(IPEndPoint.Parse(listen), spec.Listen);
        Assert.Equal(target, spec.Target.ToString());
    }

    [Theory]
    [InlineData("/tmp/db.sock:db.internal:5432", "/tmp/db.sock", "db.internal:5432")]
    [InlineData("/tmp/db.sock:[::1]:80", "/tmp/db.sock", "[::1]:80")]
    [InlineData("/tmp/db.sock:/run/app.sock", "/tmp/db.sock", "unix:/run/app.sock")]
    [InlineData("/tmp/../tmp/db.sock:db:1", "/tmp/db.sock", "db:1")]
    public void Parse_OfAUnixSocketToListenOn_IsRead(string text, string listen, string target)
    {
        ForwardSpec spec = ForwardSpec.Parse(text);

        Assert.Equal(listen, Assert.IsType<UnixDomainSocketEndPoint>(spec.Listen).ToString());
        Assert.Equal(target, spec.Target.ToString());
    }

    [Theory]
    [InlineData("5432:/run/postgresql/.s.PGSQL.5432", "127.0.0.1:5432")]
    [InlineData("*:5432:/run/postgresql/.s.PGSQL.5432", "[::]:5432")]
    [InlineData("[::1]:5432:/run/postgresql/.s.PGSQL.5432", "[::1]:5432")]
    public void Parse_OfAUnixSocketAtTheFarSide_IsRead(string text, string listen)
    {
        ForwardSpec spec = ForwardSpec.Parse(text);

        Assert.Equal(IPEndPoint.Parse(listen), spec.Listen);
        Assert.Equal("unix:/run/postgresql/.s.PGSQL.5432", spec.Target.ToString());
    }

    [Theory]
    [InlineData("5432:run/app.sock", "'run/app.sock' is no absolute path")]
    [InlineData("5432:/run/../app.sock", "'/run/../app.sock' is no absolute path")]
    [InlineData("/tmp/a.sock:db", "'db' is no absolute path")]
    [InlineData("/tmp/a.sock", "unix socket's path on either side")]
    [InlineData("/tmp/a.sock:db:80:81", "unix socket's path on either side")]
    [InlineData("a:b:5432:/run/app.sock", "unix socket's path on either side")]
    public void Parse_WithWhatIsNoUnixSocket_SaysSo(string text, string why) => Refuses(text, why);

    [Fact]
    public void Parse_WithAPathThatIsTooLong_SaysSo() => Refuses($"/tmp/{new string('a', 200)}:db:80", "too long for a unix socket");

    [Fact]
    public void Parse_OfAnIPv6Target_TakesTheBracketsOff() =>
        Assert.Equal(new TargetAddress("2001:db8::1", 80), ForwardSpec.Parse("1:[2001:db8::1]:80").Target);

    [Theory]
    [InlineData("")]
    [InlineData("5432")]
    [InlineData("5432:db")]
    [InlineData("a:1:b:2:c")]
    [InlineData("::1:8080:db:80")]
    [InlineData("8080:2001:db8::1:80")]
    [InlineData("[::1:8080:db:80")]
    public void Parse_WithTooFewOrTooManyParts_SaysWhatIsExpected(string text) => Refuses(text, "[bind:]port:host:hostport is expected");

    [Theory]
    [InlineData("65536:db:80", "65536")]
    [InlineData("-1:db:80", "-1")]
    [InlineData("+1:db:80", "+1")]
    [InlineData(" 1:db:80", " 1")]
    [InlineData("0x50:db:80", "0x50")]
    [InlineData("http:db:80", "http")]
    [InlineData(":db:80", "")]
    [InlineData("*:x:db:80", "x")]
    [InlineData("99999999999999999999:db:80", "99999999999999999999")]
    public void Parse_WithWhatIsNoPortToListenOn_NamesIt(string text, string port) => Refuses(text, $"'{port}' is no port");

    [Theory]
    [InlineData("8080:db:0", "db:0")]
    [InlineData("8080:db:65536", "db:65536")]
    [InlineData("8080:db:", "db:")]
    [InlineData("8080:db:80 ", "db:80 ")]
    [InlineData("8080::80", ":80")]
    [InlineData("8080:a b:80", "a b:80")]
    [InlineData("8080:*:80", "*:80")]
    [InlineData("8080:[db]:80", "[db]:80")]
    [InlineData("8080:[192.0.2.1]:80", "[192.0.2.1]:80")]
    public void Parse_WithWhatIsNoTarget_NamesIt(string text, string target) => Refuses(text, $"'{target}' is no host:port");

    [Theory]
    [InlineData("db.internal:8080:db:80", "db.internal")]
    [InlineData("[x]:8080:db:80", "[x]")]
    [InlineData("256.0.0.1:8080:db:80", "256.0.0.1")]
    [InlineData(" :8080:db:80", " ")]
    public void Parse_WithWhatIsNoAddressToListenOn_NamesIt(string text, string bind) => Refuses(text, $"'{bind}' is no address to listen on");

    private static void Refuses(string text, string why)
    {
        FormatException refusal = Assert.Throws<FormatException>(() => ForwardSpec.Parse(text));
        Assert.StartsWith($"'{text}' is not a forward: ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }
}
