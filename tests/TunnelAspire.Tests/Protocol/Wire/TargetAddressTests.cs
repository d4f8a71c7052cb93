using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Protocol.Wire;

public sealed class TargetAddressTests
{
    [Theory]
    [InlineData("db.internal:5432", "db.internal", 5432)]
    [InlineData("DB-1_a.internal:5432", "DB-1_a.internal", 5432)]
    [InlineData("192.0.2.1:22", "192.0.2.1", 22)]
    [InlineData("[2001:db8::1]:5432", "2001:db8::1", 5432)]
    [InlineData("[::ffff:192.0.2.1]:80", "::ffff:192.0.2.1", 80)]
    [InlineData("localhost:1", "localhost", 1)]
    [InlineData("localhost:65535", "localhost", 65535)]
    public void TryParse_WhatPeopleWrite_IsReadAndWrittenBack(string text, string host, int port)
    {
        Assert.True(TargetAddress.TryParse(text, out TargetAddress? address));

        Assert.Equal(new TargetAddress(host, port), address);
        Assert.Equal(text, address.ToString());
    }

    [Theory]
    [InlineData("unix:/run/postgresql/.s.PGSQL.5432", "/run/postgresql/.s.PGSQL.5432")]
    [InlineData("unix:/a", "/a")]
    [InlineData("unix:/a:1/b c", "/a:1/b c")]
    [InlineData("unix:/..a/.b/c..", "/..a/.b/c..")]
    public void TryParse_AUnixSocket_IsReadAndWrittenBack(string text, string path)
    {
        Assert.True(TargetAddress.TryParse(text, out TargetAddress? address));

        Assert.True(address.IsUnix);
        Assert.Equal(path, address.Host);
        Assert.Equal(text, address.ToString());
    }

    [Fact]
    public void TryParse_AHostThatIsCalledUnix_IsAHost() => Assert.Equal(new TargetAddress("unix", 80), TargetAddress.TryParse("unix:80", out TargetAddress? address) ? address : null);

    [Theory]
    [InlineData("unix:")]
    [InlineData("unix:/")]
    [InlineData("unix:run/a.sock")]
    [InlineData("unix://run/a.sock")]
    [InlineData("unix:/run//a.sock")]
    [InlineData("unix:/run/./a.sock")]
    [InlineData("unix:/run/../a.sock")]
    [InlineData("unix:/run/..")]
    [InlineData("unix:/run/")]
    [InlineData("unix:/run/a\0b")]
    [InlineData("unix:/run/a\nb")]
    [InlineData("UNIX:/run/a.sock")]
    [InlineData("/run/a.sock")]
    public void TryParse_WithWhatIsNoPathOfASocket_Refuses(string text) => Refuses(text);

    [Theory]
    [InlineData(106, true)]
    [InlineData(107, false)]
    public void TryParse_AUnixSocket_HasAtMost107Bytes(int letters, bool valid) => Assert.Equal(valid, TargetAddress.TryParse($"unix:/{new string('a', letters)}", out _));

    [Theory]
    [InlineData("h:0")]
    [InlineData("h:65536")]
    [InlineData("h:99999999999999999999")]
    [InlineData("h:+1")]
    [InlineData("h:-1")]
    [InlineData("h: 1")]
    [InlineData("h:1 ")]
    [InlineData("h:0x50")]
    [InlineData("h:1,000")]
    [InlineData("h:\u0661")]
    [InlineData("h:")]
    public void TryParse_WithWhatIsNoPort_Refuses(string text) => Refuses(text);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(":")]
    [InlineData(":80")]
    [InlineData("host")]
    [InlineData("80")]
    [InlineData("a b:80")]
    [InlineData(" host:80")]
    [InlineData("http://host:80")]
    [InlineData("host/path:80")]
    [InlineData("user@host:80")]
    [InlineData("*:80")]
    [InlineData("h\u00f6st:80")]
    [InlineData("host\r\n:80")]
    [InlineData("host\0:80")]
    public void TryParse_WithWhatIsNoHost_Refuses(string? text) => Refuses(text);

    [Theory]
    [InlineData("2001:db8::1:5432")]
    [InlineData("::1:80")]
    [InlineData("[2001:db8::1:80")]
    [InlineData("2001:db8::1]:80")]
    [InlineData("[::1]80")]
    [InlineData("[::1]")]
    [InlineData("[]:80")]
    [InlineData("[192.0.2.1]:80")]
    [InlineData("[localhost]:80")]
    [InlineData("[::g]:80")]
    [InlineData("[[::1]]:80")]
    [InlineData("[[::1]:22]:80")]
    [InlineData("[::1%]:80")]
    [InlineData("[::1%eth0]:80")]
    [InlineData("[::1%a b\r\nX: y]:80")]
    [InlineData("[::1]:80\0")]
    public void TryParse_WithBracketsOrIPv6NotAsTheyShouldBe_Refuses(string text) => Refuses(text);

    [Fact]
    public void TryParse_TheLongestName_IsRead() => Assert.True(TargetAddress.TryParse($"{new string('a', 253)}:80", out _));

    [Fact]
    public void TryParse_ANameThatIsTooLong_Refuses() => Refuses($"{new string('a', 254)}:80");

    private static void Refuses(string? text)
    {
        Assert.False(TargetAddress.TryParse(text, out TargetAddress? address));
        Assert.Null(address);
    }
}
