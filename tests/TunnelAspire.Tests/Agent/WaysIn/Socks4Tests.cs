using TunnelAspire.Agent.WaysIn;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Agent.WaysIn;

/// <summary>SOCKS4 and SOCKS4a, byte by byte.</summary>
public sealed class Socks4Tests
{
    private static readonly byte[] Granted = [0, 0x5A, 0, 0, 0, 0, 0, 0];
    private static readonly byte[] Rejected = [0, 0x5B, 0, 0, 0, 0, 0, 0];

    public static TheoryData<byte[], string> Requests => new()
    {
        { [4, 1, 0, 80, 192, 0, 2, 1, 0], "192.0.2.1:80" },
        { [4, 1, 0, 80, 192, 0, 2, 1, .. "ann"u8, 0], "192.0.2.1:80" },
        { [4, 1, 0x15, 0x38, 0, 0, 0, 1, 0, .. "db.internal"u8, 0], "db.internal:5432" },
        { [4, 1, 0x15, 0x38, 0, 0, 0, 255, .. "ann"u8, 0, .. "db.internal"u8, 0], "db.internal:5432" },
        { [4, 1, 0, 80, 0, 0, 0, 1, .. Enumerable.Repeat((byte)'u', 255), 0, .. Enumerable.Repeat((byte)'a', 253), 0], new string('a', 253) + ":80" },
        { [4, 1, 0, 80, 0, 0, 0, 0, 0], "0.0.0.0:80" },
        { [4, 1, 0, 80, 0, 0, 1, 1, 0], "0.0.1.1:80" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Connect_AtOnceOrByteByByte_OpensAndLosesNothing(byte[] request, string target)
    {
        await using ProxyUnderTest proxy = new();

        Assert.Equal([.. Granted, 42], await proxy.AnswerAsync([.. request, 42]));
        Assert.Equal([.. Granted, 42], await proxy.AnswerAsync([.. request, 42], byteByByte: true));
        Assert.All(proxy.Targets, asked => Assert.Equal(target, asked.ToString()));
        Assert.Equal(2, proxy.Targets.Count);
    }

    [Theory]
    [InlineData(new byte[] { 4, 2, 0, 80, 192, 0, 2, 1, 0 })] // BIND
    [InlineData(new byte[] { 4, 0, 0, 80, 192, 0, 2, 1, 0 })]
    [InlineData(new byte[] { 4, 1, 0, 0, 192, 0, 2, 1, 0 })]
    [InlineData(new byte[] { 4, 1, 0, 80, 0, 0, 0, 1, 0, 0 })]
    [InlineData(new byte[] { 4, 1, 0, 80, 0, 0, 0, 1, 0, (byte)'*', 0 })]
    public async Task Request_ThatIsNotServed_IsRejected(byte[] request)
    {
        await using ProxyUnderTest proxy = new();

        Assert.Equal(Rejected, await proxy.AnswerAsync([.. request, .. "more"u8]));
        Assert.Empty(proxy.Targets);
    }

    [Fact]
    public async Task Request_WhereAPasswordIsAskedFor_IsRejected()
    {
        await using ProxyUnderTest proxy = new(new SocksOptions { User = "ann", Password = "secret" });

        Assert.Equal(Rejected, await proxy.AnswerAsync([4, 1, 0, 80, 192, 0, 2, 1, .. "ann"u8, 0]));
        Assert.Empty(proxy.Targets);
    }

    [Fact]
    public async Task Session_ThatCannotBeOpened_IsRejected()
    {
        await using ProxyUnderTest proxy = new(failure: new TunnelException(TunnelError.TargetRefused, "why"));

        Assert.Equal(Rejected, await proxy.AnswerAsync([4, 1, 0, 80, 192, 0, 2, 1, 0]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Field_ThatDoesNotEnd_IsNotReadForEver(bool named)
    {
        await using ProxyUnderTest proxy = new();
        byte[] endless = [.. Enumerable.Repeat((byte)'a', 100_000)];

        Assert.Empty(await proxy.AnswerAsync(named ? [4, 1, 0, 80, 0, 0, 0, 1, 0, .. endless] : [4, 1, 0, 80, 192, 0, 2, 1, .. endless]));
        await proxy.RequireServiceAsync();
    }
}
