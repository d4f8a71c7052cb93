using CsCheck;
using TunnelAspire.Agent.WaysIn;
using TunnelAspire.Tests.Fuzzing;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Agent.WaysIn;

/// <summary>Clients that are truncated, slow, or mean harm: none is served, none stays, and none harms the next one.</summary>
public sealed class HostileClientTests
{
    public static TheoryData<byte[]> Requests => new()
    {
        { [5, 1, 0, 5, 1, 0, 1, 192, 0, 2, 1, 0, 80] },
        { [5, 2, 0, 1, 5, 1, 0, 3, 2, (byte)'d', (byte)'b', 0, 80] },
        { [4, 1, 0, 80, 0, 0, 0, 1, (byte)'u', 0, (byte)'d', (byte)'b', 0] },
        { [.. "CONNECT db:1 HTTP/1.1\r\nHost: db\r\n\r\n"u8] },
        { [.. "GET http://db/ HTTP/1.1\r\n\r\n"u8] },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Request_CutOffAfterAnyByte_IsNotServed(byte[] request)
    {
        await using ProxyUnderTest proxy = new();
        for (int length = 0; length < request.Length; length++)
        {
            byte[] answer = await proxy.AnswerAsync(request[..length]);

            Assert.InRange(answer.Length, 0, 2); // the choice of a method, where that was asked for
        }

        Assert.Empty(proxy.Targets);
        await proxy.RequireServiceAsync();
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Client_ThatResetsAfterAnyByte_HarmsNobody(byte[] request)
    {
        await using ProxyUnderTest proxy = new();
        for (int length = 0; length < request.Length; length++)
        {
            ProxyClient client = await proxy.ConnectAsync();
            await client.SendAsync(request[..length]);
            client.Reset();
        }

        await proxy.RequireServiceAsync();
        Assert.Single(proxy.Targets);
    }

    [Fact]
    public async Task Client_ThatDoesNotFinishItsRequestInTime_IsLetGo()
    {
        await using ProxyUnderTest proxy = new();
        using ProxyClient client = await proxy.ConnectAsync();
        await client.SendAsync([5, 1, 0]);
        await client.ExpectAsync(5, 0); // the time runs
        proxy.Time.Advance(ProxyWayIn.HandshakeLimit - TimeSpan.FromMilliseconds(1));
        await client.SendAsync([5, 1, 0]);
        await proxy.RequireServiceAsync();
        proxy.Time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Empty(await client.ReceiveToEndAsync());
    }

    [Fact]
    public async Task Client_ThatFinishesItsRequestInTime_MayTakeItsTimeAfterwards()
    {
        await using ProxyUnderTest proxy = new();
        using ProxyClient client = await proxy.ConnectAsync();
        await client.SendAsync([5, 1, 0]);
        await client.ExpectAsync(5, 0);
        proxy.Time.Advance(ProxyWayIn.HandshakeLimit - TimeSpan.FromMilliseconds(1));
        await client.SendAsync([5, 1, 0, 1, 192, 0, 2, 1, 0, 80]);
        await client.ExpectAsync(5, 0, 0, 1, 0, 0, 0, 0, 0, 0);
        proxy.Time.Advance(TimeSpan.FromHours(1));
        await client.SendAsync([42]);
        await client.ExpectAsync(42);
    }

    [Fact]
    public async Task Crowd_ThatSaysNothing_KeepsNobodyWaitingAndIsLetGo()
    {
        const int Crowd = 300;
        await using ProxyUnderTest proxy = new();
        List<ProxyClient> silent = [];
        for (int i = 0; i < Crowd; i++)
        {
            silent.Add(await proxy.ConnectAsync());
            await silent[i].SendAsync([5, 1, 0]);
            await silent[i].ExpectAsync(5, 0);
        }

        await proxy.RequireServiceAsync();
        proxy.Time.Advance(ProxyWayIn.HandshakeLimit);
        foreach (ProxyClient client in silent)
        {
            Assert.Empty(await client.ReceiveToEndAsync());
            client.Dispose();
        }
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0x01)]
    [InlineData(0x06)]
    [InlineData(0x16)] // TLS
    [InlineData(0x80)]
    [InlineData(0xFF)]
    [InlineData((byte)' ')]
    [InlineData((byte)'\n')]
    public async Task FirstByte_OfNoProtocol_IsClosedWithoutAWord(byte first)
    {
        await using ProxyUnderTest proxy = new();

        Assert.Empty(await proxy.AnswerAsync([first, .. new byte[500]]));
        await proxy.RequireServiceAsync();
    }

    [Fact]
    public async Task Head_WithoutAnEnd_IsNotReadForEver()
    {
        await using ProxyUnderTest proxy = new();

        Assert.Empty(await proxy.AnswerAsync([.. Enumerable.Repeat((byte)'A', 1_000_000)]));
        await proxy.RequireServiceAsync();
    }

    [Fact]
    public async Task Client_ThatIsRefusedAndGoesOnSending_IsLetGoInTime()
    {
        await using ProxyUnderTest proxy = new();
        using ProxyClient client = await proxy.ConnectAsync();
        await client.SendAsync([5, 1, 0, 5, 2, 0, 1, 192, 0, 2, 1, 0, 80]);
        await client.ExpectAsync(5, 0, 5, 7, 0, 1, 0, 0, 0, 0, 0, 0);
        await client.SendAsync(new byte[1000]);
        proxy.Time.Advance(TimeSpan.FromSeconds(2));

        Assert.Empty(await client.ReceiveToEndAsync());
    }

    [Fact]
    public async Task Noise_OfAnyKind_HarmsNobody()
    {
        await using ProxyUnderTest proxy = new();
        byte[][] beginnings = [[], [5], [5, 1, 0, 5], [5, 1, 0, 5, 1, 0, 3], [4, 1], [.. "GET "u8]];
        Gen<byte[]> noise = Gen.Int[0, beginnings.Length - 1].Select(Gen.Byte.Array[0, 600], (beginning, rest) => (byte[])[.. beginnings[beginning], .. rest]);

        await noise.SampleAsync(async bytes => { await proxy.AnswerAsync(bytes); }, iter: ParserProperties.Times(300), threads: 1);

        await proxy.RequireServiceAsync();
    }
}
