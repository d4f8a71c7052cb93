using System.Net;
using TunnelAspire.Connector.Targets;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Connector.Targets;

public sealed class TargetPatternTests
{
    [Theory]
    [InlineData("db.internal:5432", "db.internal", 5432)]
    [InlineData("db.internal:5432", "DB.Internal", 5432)]
    [InlineData("DB.Internal:5432", "db.internal", 5432)]
    [InlineData("*.internal:5432", "db.internal", 5432)]
    [InlineData("*.internal:5432", "a.b.INTERNAL", 5432)]
    [InlineData("*.Internal:5432", "db.internal", 5432)]
    [InlineData("*:5432", "anything", 5432)]
    [InlineData("*:5432", "192.0.2.1", 5432)]
    [InlineData("*:*", "anything", 65535)]
    [InlineData("db:1-1024", "db", 1)]
    [InlineData("db:1-1024", "db", 1024)]
    [InlineData("db:5-5", "db", 5)]
    [InlineData("db.internal:5432", "db.internal.", 5432)]
    [InlineData("db.internal.:5432", "db.internal", 5432)]
    [InlineData("*.internal:5432", "db.internal.", 5432)]
    public void AllowsName_OfWhatThePatternMeans_IsTrue(string pattern, string host, int port) =>
        Assert.True(TargetPattern.Parse(pattern).AllowsName(new TargetAddress(host, port)));

    [Theory]
    [InlineData("db.internal:5432", "db.internal", 5433)]
    [InlineData("db.internal:5432", "db.internal.evil.example", 5432)]
    [InlineData("db.internal:5432", "xdb.internal", 5432)]
    [InlineData("db.internal:5432", "dbxinternal", 5432)]
    [InlineData("*.internal:5432", "internal", 5432)]
    [InlineData("*.internal:5432", "notinternal", 5432)]
    [InlineData("*.internal:5432", "db.internal.evil.example", 5432)]
    [InlineData("*.internal:5432", "db.internal", 5431)]
    [InlineData("db:10-20", "db", 9)]
    [InlineData("db:10-20", "db", 21)]
    [InlineData("127.0.0.1:80", "127.0.0.1", 80)]
    [InlineData("10.0.0.0/8:80", "10.0.0.1", 80)]
    public void AllowsName_OfAnythingElse_IsFalse(string pattern, string host, int port) =>
        Assert.False(TargetPattern.Parse(pattern).AllowsName(new TargetAddress(host, port)));

    [Theory]
    [InlineData("127.0.0.1:80", "127.0.0.1", 80)]
    [InlineData("10.0.0.0/8:*", "10.255.0.1", 22)]
    [InlineData("10.0.0.0/8:1-1024", "10.0.0.0", 1024)]
    [InlineData("0.0.0.0/0:22", "198.51.100.7", 22)]
    [InlineData("192.0.2.4/31:22", "192.0.2.5", 22)]
    [InlineData("[::1]:80", "::1", 80)]
    [InlineData("[2001:db8::]/32:443", "2001:db8:ffff::1", 443)]
    [InlineData("[2001:DB8::]/32:400-450", "2001:db8::1", 443)]
    [InlineData("127.0.0.1:80", "::ffff:127.0.0.1", 80)]
    [InlineData("10.0.0.0/8:80", "::ffff:10.1.2.3", 80)]
    public void AllowsAddress_InTheNetwork_IsTrue(string pattern, string address, int port) =>
        Assert.True(TargetPattern.Parse(pattern).AllowsAddress(IPAddress.Parse(address), port));

    [Theory]
    [InlineData("127.0.0.1:80", "127.0.0.2", 80)]
    [InlineData("127.0.0.1:80", "127.0.0.1", 81)]
    [InlineData("10.0.0.0/8:*", "11.0.0.1", 22)]
    [InlineData("10.0.0.0/8:1-1024", "10.0.0.1", 1025)]
    [InlineData("10.0.0.0/8:80", "::ffff:11.1.2.3", 80)]
    [InlineData("192.0.2.4/31:22", "192.0.2.6", 22)]
    [InlineData("0.0.0.0/0:22", "2001:db8::1", 22)]
    [InlineData("[::]/0:22", "192.0.2.1", 22)]
    [InlineData("[::]/0:22", "::ffff:192.0.2.1", 22)]
    [InlineData("[2001:db8::]/32:443", "2001:db9::1", 443)]
    [InlineData("*:80", "127.0.0.1", 80)]
    [InlineData("localhost:80", "127.0.0.1", 80)]
    public void AllowsAddress_OutsideTheNetwork_IsFalse(string pattern, string address, int port) =>
        Assert.False(TargetPattern.Parse(pattern).AllowsAddress(IPAddress.Parse(address), port));

    [Theory]
    [InlineData("unix:/run/app.sock", "/run/app.sock", true)]
    [InlineData("unix:/run/app.sock", "/run/appxsock", false)]
    [InlineData("unix:/run/app.sock", "/run/app.sock2", false)]
    [InlineData("unix:/run/app.sock", "/run/APP.sock", false)]
    [InlineData("unix:/run/app.sock", "/x/run/app.sock", false)]
    [InlineData("unix:/run/postgresql/.s.PGSQL.*", "/run/postgresql/.s.PGSQL.5432", true)]
    [InlineData("unix:/run/*/app.sock", "/run/a/app.sock", true)]
    [InlineData("unix:/run/*/app.sock", "/run/a/b/app.sock", false)]
    [InlineData("unix:/run/*", "/run/docker.sock", true)]
    [InlineData("unix:/run/*", "/run/docker/docker.sock", false)]
    [InlineData("unix:/*", "/run/docker.sock", false)]
    [InlineData("*:*", "/run/app.sock", false)]
    [InlineData("0.0.0.0/0:*", "/run/app.sock", false)]
    public void AllowsPath_OnlyOfAUnixSocketThatIsNamed(string pattern, string path, bool allowed)
    {
        TargetPattern parsed = TargetPattern.Parse(pattern);
        TargetAddress target = new(path, 0);

        Assert.Equal(allowed, parsed.AllowsPath(target));
        Assert.False(parsed.AllowsName(target));
        Assert.Equal(pattern, parsed.ToString());
    }

    [Fact]
    public void AllowsName_OfAUnixSocketsPattern_IsFalse()
    {
        TargetPattern parsed = TargetPattern.Parse("unix:/run/*");

        Assert.False(parsed.AllowsName(new TargetAddress("run", 80)));
        Assert.False(parsed.AllowsAddress(IPAddress.Loopback, 80));
        Assert.False(parsed.AllowsPath(new TargetAddress("/run/a", 80)));
        Assert.False(parsed.IsNetwork);
    }

    [Theory]
    [InlineData("127.0.0.1:80", true)]
    [InlineData("[::1]:80", true)]
    [InlineData("10.0.0.0/8:80", true)]
    [InlineData("*:80", false)]
    [InlineData("*.internal:80", false)]
    [InlineData("db:80", false)]
    public void IsNetwork_TellsAddressesFromNames(string pattern, bool network)
    {
        TargetPattern parsed = TargetPattern.Parse(pattern);

        Assert.Equal(network, parsed.IsNetwork);
        Assert.Equal(pattern, parsed.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("db")]
    [InlineData(":80")]
    [InlineData("db:")]
    [InlineData("db:0")]
    [InlineData("db:65536")]
    [InlineData("db:20-10")]
    [InlineData("db:1-2-3")]
    [InlineData("db:-")]
    [InlineData("db:1-")]
    [InlineData("db:-5")]
    [InlineData("db: 80")]
    [InlineData("db:http")]
    [InlineData("10.0.0.0/33:80")]
    [InlineData("10.0.0.0/-1:80")]
    [InlineData("2001:db8::/129:80")]
    [InlineData("db.internal/8:80")]
    [InlineData("*internal:80")]
    [InlineData("db.*:80")]
    [InlineData("*.*:80")]
    [InlineData("*.:80")]
    [InlineData("a b:80")]
    [InlineData("http://db:80")]
    [InlineData("10.0.0.1/8:80")]
    [InlineData("2001:db8::1/32:80")]
    [InlineData("010.0.0.0/8:80")]
    [InlineData("10.0.0.0/8/8:80")]
    [InlineData("d[b]:80")]
    [InlineData("[::ffff:127.0.0.1]:80")]
    [InlineData("[::ffff:10.0.0.0]/104:80")]
    [InlineData("db:80\0")]
    [InlineData("unix:")]
    [InlineData("unix:run/a.sock")]
    [InlineData("unix:/run/../*")]
    [InlineData("unix://*")]
    public void Parse_OfWhatIsNoPattern_NamesIt(string text)
    {
        FormatException refusal = Assert.Throws<FormatException>(() => TargetPattern.Parse(text));

        Assert.StartsWith($"'{text}' is not a target pattern: ", refusal.Message, StringComparison.Ordinal);
    }
}
