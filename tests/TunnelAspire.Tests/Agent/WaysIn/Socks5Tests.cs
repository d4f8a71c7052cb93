using System.Text;
using TunnelAspire.Agent.WaysIn;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Agent.WaysIn;

/// <summary>SOCKS5, byte by byte: RFC 1928, RFC 1929.</summary>
public sealed class Socks5Tests
{
    private static readonly byte[] Hello = [5, 1, 0];
    private static readonly byte[] HelloWithPassword = [5, 1, 2];
    private static readonly byte[] Connect = [5, 1, 0, 1, 192, 0, 2, 1, 0x15, 0x38];
    private static readonly byte[] Opened = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    private static readonly SocksOptions Password = new() { User = "ann", Password = "secret" };

    public static TheoryData<byte[], string> Addresses => new()
    {
        { [1, 192, 0, 2, 1, 0x15, 0x38], "192.0.2.1:5432" },
        { [1, 127, 0, 0, 1, 0, 1], "127.0.0.1:1" },
        { [4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff], "[2001:db8::1]:65535" },
        { [3, 11, .. "db.internal"u8, 0, 80], "db.internal:80" },
        { [3, 9, .. "192.0.2.1"u8, 0, 80], "192.0.2.1:80" },
        { [3, 11, .. "2001:db8::1"u8, 0, 80], "[2001:db8::1]:80" },
        { [3, 253, .. Encoding.ASCII.GetBytes(new string('a', 253)), 0, 80], new string('a', 253) + ":80" },
    };

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Connect_ToAnAddressOfEachType_OpensAndAnswersInTheRfcsBytes(byte[] address, string target)
    {
        await using ProxyUnderTest proxy = new();
        using ProxyClient client = await proxy.ConnectAsync();
        await client.SendAsync(Hello);
        await client.ExpectAsync(5, 0);
        await client.SendAsync([5, 1, 0, .. address]);
        await client.ExpectAsync(Opened);
        await client.SendAsync("ping"u8.ToArray());
        await client.ExpectAsync("ping"u8.ToArray());

        Assert.Equal(target, Assert.Single(proxy.Targets).ToString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Client_SendsAllAtOnceOrByteByByte_LosesNothing(bool byteByByte)
    {
        await using ProxyUnderTest proxy = new();
        byte[] answer = await proxy.AnswerAsync([.. Hello, .. Connect, .. "GET / HTTP/1.0\r\n\r\n"u8], byteByByte);

        Assert.Equal([5, 0, .. Opened, .. "GET / HTTP/1.0\r\n\r\n"u8], answer);
    }

    [Theory]
    [InlineData(new byte[] { 5, 3, 2, 1, 0 }, new byte[] { 5, 0 })]
    [InlineData(new byte[] { 5, 2, 0, 0x80 }, new byte[] { 5, 0 })]
    [InlineData(new byte[] { 5, 0 }, new byte[] { 5, 0xFF })]
    [InlineData(new byte[] { 5, 1, 1 }, new byte[] { 5, 0xFF })]
    [InlineData(new byte[] { 5, 2, 1, 2 }, new byte[] { 5, 0xFF })]
    public async Task Methods_OfTheOffer_NoneIsChosenOrRefused(byte[] offer, byte[] answer)
    {
        await using ProxyUnderTest proxy = new();

        Assert.Equal(answer, await proxy.AnswerAsync(offer));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Password_ThatIsRight_IsAccepted(bool byteByByte)
    {
        await using ProxyUnderTest proxy = new(Password);
        byte[] answer = await proxy.AnswerAsync([5, 2, 0, 2, 1, 3, .. "ann"u8, 6, .. "secret"u8, .. Connect, 42], byteByByte);

        Assert.Equal([5, 2, 1, 0, .. Opened, 42], answer);
    }

    [Theory]
    [InlineData("ann", "Secret")]
    [InlineData("ann", "")]
    [InlineData("", "secret")]
    [InlineData("", "")]
    [InlineData("bob", "secret")]
    [InlineData("anns", "ecret")]
    public async Task Password_ThatIsWrong_IsRefusedAndNothingServed(string user, string password)
    {
        await using ProxyUnderTest proxy = new(Password);
        byte[] answer = await proxy.AnswerAsync(
            [.. HelloWithPassword, 1, (byte)user.Length, .. Encoding.ASCII.GetBytes(user), (byte)password.Length, .. Encoding.ASCII.GetBytes(password), .. Connect, 42]);

        Assert.Equal([5, 2, 1, 1], answer);
        Assert.Empty(proxy.Targets);
    }

    [Fact]
    public async Task Password_InAnotherVersionOfItsProtocol_IsRefused()
    {
        await using ProxyUnderTest proxy = new(Password);

        Assert.Equal([5, 2, 1, 1], await proxy.AnswerAsync([.. HelloWithPassword, 2, 3, .. "ann"u8, 6, .. "secret"u8]));
    }

    [Theory]
    [InlineData(new byte[] { 5, 1, 0 })]
    [InlineData(new byte[] { 5, 2, 0, 1 })]
    [InlineData(new byte[] { 5, 0 })]
    public async Task Password_ThatIsNotOffered_IsRefused(byte[] offer)
    {
        await using ProxyUnderTest proxy = new(Password);

        Assert.Equal([5, 0xFF], await proxy.AnswerAsync([.. offer, .. Connect]));
        Assert.Empty(proxy.Targets);
    }

    [Theory]
    [InlineData(7, new byte[] { 5, 2, 0, 1, 192, 0, 2, 1, 0, 80 })] // BIND
    [InlineData(7, new byte[] { 5, 3, 0, 1, 0, 0, 0, 0, 0, 0 })] // UDP ASSOCIATE
    [InlineData(7, new byte[] { 5, 0, 0, 1, 192, 0, 2, 1, 0, 80 })]
    [InlineData(7, new byte[] { 5, 0xF0, 0, 3, 1, (byte)'a', 0, 80 })]
    [InlineData(8, new byte[] { 5, 1, 0, 0, 192, 0, 2, 1, 0, 80 })]
    [InlineData(8, new byte[] { 5, 1, 0, 2, 192, 0, 2, 1, 0, 80 })]
    [InlineData(8, new byte[] { 5, 1, 0, 5, 192, 0, 2, 1, 0, 80 })]
    [InlineData(1, new byte[] { 4, 1, 0, 1, 192, 0, 2, 1, 0, 80 })]
    [InlineData(1, new byte[] { 0, 1, 0, 1, 192, 0, 2, 1, 0, 80 })]
    [InlineData(1, new byte[] { 5, 1, 0, 1, 192, 0, 2, 1, 0, 0 })]
    [InlineData(1, new byte[] { 5, 1, 0, 3, 0, 0, 80 })]
    [InlineData(1, new byte[] { 5, 1, 0, 3, 3, (byte)'a', (byte)' ', (byte)'b', 0, 80 })]
    [InlineData(1, new byte[] { 5, 1, 0, 3, 3, (byte)'a', 0, (byte)'b', 0, 80 })]
    [InlineData(1, new byte[] { 5, 1, 0, 3, 2, 0xC3, 0xB6, 0, 80 })]
    [InlineData(1, new byte[] { 5, 1, 0, 3, 2, (byte)'/', (byte)'a', 0, 80 })]
    public async Task Request_ThatIsNotServed_IsAnsweredWithItsCode(byte code, byte[] request)
    {
        await using ProxyUnderTest proxy = new();

        Assert.Equal([5, 0, 5, code, 0, 1, 0, 0, 0, 0, 0, 0], await proxy.AnswerAsync([.. Hello, .. request, .. "more"u8]));
        Assert.Empty(proxy.Targets);
    }

    [Theory]
    [InlineData(TunnelError.ForbiddenTarget, 2)]
    [InlineData(TunnelError.TargetUnreachable, 3)]
    [InlineData(TunnelError.TargetNotResolved, 4)]
    [InlineData(TunnelError.TargetRefused, 5)]
    [InlineData(TunnelError.TargetTimedOut, 6)]
    [InlineData(TunnelError.NoConnector, 1)]
    [InlineData(TunnelError.Internal, 1)]
    public async Task Session_ThatCannotBeOpened_IsToldInTheRfcsCode(TunnelError error, byte code)
    {
        await using ProxyUnderTest proxy = new(failure: new TunnelException(error, "why"));

        Assert.Equal([5, 0, 5, code, 0, 1, 0, 0, 0, 0, 0, 0], await proxy.AnswerAsync([.. Hello, .. Connect, .. "early"u8]));
    }
}
