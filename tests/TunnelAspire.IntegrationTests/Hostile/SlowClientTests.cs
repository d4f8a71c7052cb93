using System.Text;
using Xunit;

namespace TunnelAspire.IntegrationTests.Hostile;

/// <summary>Clients that take their time, or say nothing at all.</summary>
public sealed class SlowClientTests(Besieged siege) : SiegeTests(siege)
{
    private const int Seconds = 3;

    [Fact]
    public Task Heads_OfOneByteASecond_HoldUpNobody() => WithstandsAsync(200, Siege.Port, stream => TrickleAsync(stream, "GET /v1/path HTTP/1.1\r\nHost: a"));

    [Fact]
    public Task Bodies_OfOneByteASecond_HoldUpNobody() => WithstandsAsync(100, Siege.Port, async stream =>
    {
        await Besieged.TrySendAsync(stream, $"POST /v1/sessions?target={Siege.Target.Address} HTTP/1.1\r\nHost: a\r\nContent-Type: binary/tcp\r\nContent-Length: 100000\r\n\r\n");
        await TrickleAsync(stream, "slowly");
    });

    [Fact]
    public Task Probes_OfOneByteASecond_HoldUpNobody() => WithstandsAsync(100, Siege.Port, async stream =>
    {
        await Besieged.TrySendAsync(stream, "POST /v1/path/send HTTP/1.1\r\nHost: a\r\nContent-Type: binary/tcp\r\nContent-Length: 100000\r\n\r\n");
        await TrickleAsync(stream, "slowly");
    });

    [Fact]
    public Task Connections_ThatSayNothing_HoldUpNobody() => WithstandsAsync(2000, Siege.Port, _ => Task.CompletedTask);

    [Fact]
    public Task Connections_InHttp2ThatSayNothing_HoldUpNobody() => WithstandsAsync(1000, Siege.PortInHttp2, stream => Besieged.TrySendAsync(stream, "PRI * HTTP/2.0\r\n\r\n"));

    [Fact]
    public Task Handshakes_ThatAreNeverFinished_HoldUpNobody() => WithstandsAsync(500, Siege.PortInTls, stream =>
        Besieged.TrySendAsync(stream, new byte[] { 0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03 })); // a ClientHello's first bytes

    [Fact]
    public async Task Head_ThatIsNeverFinished_IsCutOff()
    {
        await using System.Net.Sockets.NetworkStream stream = await Besieged.ConnectAsync(Siege.Port);
        await Besieged.TrySendAsync(stream, "GET /v1/path HTTP/1.1\r\n");
        Assert.StartsWith("HTTP/1.1 408", await Besieged.StatusAsync(stream), StringComparison.Ordinal);
    }

    [Fact]
    public Task Answers_ThatNobodyReads_HoldUpNobody() => WithstandsAsync(32, Siege.Port, stream =>
        Besieged.TrySendAsync(stream, string.Concat(Enumerable.Repeat("GET /v1/path/receive?wait=0&parts=1&size=4194304 HTTP/1.1\r\nHost: a\r\n\r\n", 16))));

    private static async Task TrickleAsync(System.Net.Sockets.NetworkStream stream, string text)
    {
        using PeriodicTimer second = new(TimeSpan.FromSeconds(1));
        foreach (byte one in Encoding.Latin1.GetBytes(text).Take(Seconds))
        {
            if (!await Besieged.TrySendAsync(stream, new[] { one }))
            {
                return;
            }

            await second.WaitForNextTickAsync();
        }
    }
}
