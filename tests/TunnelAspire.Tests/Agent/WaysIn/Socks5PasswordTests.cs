using System.Text;
using TunnelAspire.Agent.WaysIn;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Agent.WaysIn;

/// <summary>Name and password of SOCKS5 (RFC 1929) at their limits, and by clients that are truncated or slow.</summary>
public sealed class Socks5PasswordTests
{
    private static readonly byte[] Request = [5, 1, 2, 1, 3, .. "ann"u8, 6, .. "secret"u8, 5, 1, 0, 1, 192, 0, 2, 1, 0, 80];
    private static readonly SocksOptions Password = new() { User = "ann", Password = "secret" };

    [Fact]
    public async Task Request_CutOffAfterAnyByte_IsNotServed()
    {
        await using ProxyUnderTest proxy = new(Password);
        for (int length = 0; length < Request.Length; length++)
        {
            byte[] answer = await proxy.AnswerAsync(Request[..length]);

            Assert.Equal(((byte[])[5, 2, 1, 0])[..answer.Length], answer); // the method, and that the password is right
        }

        Assert.Empty(proxy.Targets);
        Assert.Equal([5, 2, 1, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0], await proxy.AnswerAsync(Request));
    }

    [Fact]
    public async Task Client_ThatIsSlowWithItsPassword_IsLetGo()
    {
        await using ProxyUnderTest proxy = new(Password);
        using ProxyClient client = await proxy.ConnectAsync();
        await client.SendAsync(Request[..3]);
        await client.ExpectAsync(5, 2);
        proxy.Time.Advance(ProxyWayIn.HandshakeLimit / 2);
        await client.SendAsync(Request[3..10]);
        proxy.Time.Advance(ProxyWayIn.HandshakeLimit / 2);

        Assert.Empty(await client.ReceiveToEndAsync());
        Assert.Empty(proxy.Targets);
    }

    [Fact]
    public async Task Password_OfTheLongestFields_IsAccepted()
    {
        (string user, string password) = (new string('u', 255), new string('p', 255));
        await using ProxyUnderTest proxy = new(new SocksOptions { User = user, Password = password });
        byte[] methods = [5, 255, .. Enumerable.Repeat((byte)2, 255)];

        Assert.Equal([5, 2, 1, 0], (await proxy.AnswerAsync([.. methods, 1, 255, .. Encoding.ASCII.GetBytes(user), 255, .. Encoding.ASCII.GetBytes(password)]))[..4]);
    }

    [Fact]
    public async Task Password_InUtf8_IsComparedByteByByte()
    {
        await using ProxyUnderTest proxy = new(new SocksOptions { User = "jörg", Password = "größe" });

        Assert.Equal([5, 2, 1, 0], await proxy.AnswerAsync([5, 1, 2, 1, 5, .. "jörg"u8, 7, .. "größe"u8]));
        Assert.Equal([5, 2, 1, 1], await proxy.AnswerAsync([5, 1, 2, 1, 4, .. Encoding.Latin1.GetBytes("jörg"), 5, .. Encoding.Latin1.GetBytes("größe")]));
    }
}
