using System.Net;
using System.Net.Sockets;
using CsCheck;
using TunnelAspire.Connector.Targets;

namespace TunnelAspire.Tests.Connector.Targets;

public sealed class ProtectedAddressesTests
{
    private static readonly Gen<IPAddress> AnyAddress =
        Gen.OneOf(Gen.Byte.Array[4].Select(bytes => new IPAddress(bytes)), Gen.Byte.Array[16].Select(bytes => new IPAddress(bytes)));

    [Theory]
    [InlineData("127.0.0.1", "loopback")]
    [InlineData("127.255.255.254", "loopback")]
    [InlineData("::1", "loopback")]
    [InlineData("0.0.0.0", "unspecified")]
    [InlineData("0.1.2.3", "unspecified")]
    [InlineData("::", "unspecified")]
    [InlineData("169.254.1.1", "link-local")]
    [InlineData("fe80::1", "link-local")]
    [InlineData("fe80::1%3", "link-local")]
    [InlineData("febf::1", "link-local")]
    [InlineData("169.254.169.254", "cloud metadata")]
    [InlineData("169.254.170.2", "cloud metadata")]
    [InlineData("168.63.129.16", "cloud metadata")]
    [InlineData("100.100.100.200", "cloud metadata")]
    [InlineData("fd00:ec2::254", "cloud metadata")]
    [InlineData("224.0.0.1", "multicast")]
    [InlineData("ff02::1", "multicast")]
    [InlineData("255.255.255.255", "broadcast")]
    [InlineData("::ffff:127.0.0.1", "loopback")]
    [InlineData("::ffff:169.254.169.254", "cloud metadata")]
    [InlineData("::127.0.0.1", "loopback")]
    [InlineData("64:ff9b::169.254.169.254", "cloud metadata")]
    [InlineData("64:ff9b:1::7f00:1", "loopback")]
    [InlineData("2002:7f00:1::1", "loopback")]
    public void Find_AnAddressThatNobodyMeans_SaysWhatItIs(string address, string kind) =>
        Assert.Equal(kind, ProtectedAddresses.Find(IPAddress.Parse(address))?.Kind);

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("126.255.255.255")]
    [InlineData("128.0.0.1")]
    [InlineData("1.0.0.0")]
    [InlineData("169.253.255.255")]
    [InlineData("169.255.0.0")]
    [InlineData("168.63.129.15")]
    [InlineData("223.255.255.255")]
    [InlineData("192.0.2.1")]
    [InlineData("2001:db8::1")]
    [InlineData("fd00:ec2::253")]
    [InlineData("fec0::1")]
    [InlineData("64:ff9b::10.0.0.1")]
    [InlineData("2002:0a00:1::1")]
    [InlineData("::ffff:10.0.0.1")]
    public void Find_AnyOtherAddress_IsNothing(string address) => Assert.Null(ProtectedAddresses.Find(IPAddress.Parse(address)));

    [Fact]
    public void Find_AnIPv4AddressInIPv6Clothes_SaysTheSame() => Gen.Byte.Array[4].Sample(
        bytes =>
        {
            IPAddress address = new(bytes);
            Assert.Equal(ProtectedAddresses.Find(address)?.Kind, ProtectedAddresses.Find(address.MapToIPv6())?.Kind);
        },
        iter: 20_000);

    [Fact]
    public void Find_AnyAddress_IsInTheRangeThatProtectsIt() => AnyAddress.Sample(
        address =>
        {
            if (ProtectedAddresses.Find(address) is { } range)
            {
                Assert.True(range.Network.Contains(ProtectedAddresses.Plain(address)));
                int bits = range.Network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
                Assert.InRange(range.Network.PrefixLength, 1, bits); // so that everything never names it
            }
        },
        iter: 20_000);
}
