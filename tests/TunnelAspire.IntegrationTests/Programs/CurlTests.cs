using System.Net.Sockets;
using System.Text;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Programs;

[Collection(Programs.Name)]
public sealed class CurlTests(SharedTunnel shared) : IDisposable
{
    private readonly Scratch _scratch = new();

    [Fact]
    public async Task Curl_LargeFileFromNginx_IsTheSame()
    {
        int target = Loopback.FreePort();
        string original = Checked.RandomFile(_scratch.File("large"), 100 * 1024 * 1024);
        string settings = _scratch.Write("nginx.conf", $$"""
            daemon off;
            pid {{_scratch.File("nginx.pid")}};
            error_log stderr warn;
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            events { }
            http {
                access_log off;
                server { listen 127.0.0.1:{{target}}; root {{_scratch.Folder}}; }
            }
            """);
        await using ChildProcess nginx = ChildProcess.Start("nginx", ["-c", settings]);
        int port = await shared.ForwardAsync(target);
        await ChildProcess.RunAsync("curl", "-sS", "--fail", "--retry", "20", "--retry-all-errors", "--retry-delay", "1", "-o", _scratch.File("copy"), $"http://127.0.0.1:{port}/large");
        Assert.Equal(await Checked.FileAsync(original), await Checked.FileAsync(_scratch.File("copy")));
    }

    /// <summary>Without a length, the server's half-close is what ends the body; curl's own connection stays open for writing.</summary>
    [Fact]
    public async Task Curl_BodyThatEndsWithAHalfClose_IsWhole()
    {
        using Socket listener = Loopback.Listen(out int target);
        int port = await shared.ForwardAsync(target);
        await using ChildProcess curl = ChildProcess.Start("curl", ["-sS", "-o", _scratch.File("copy"), $"http://127.0.0.1:{port}/"]);
        using Socket server = await listener.AcceptAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        await ReadRequestAsync(server);
        await server.SendAsync("HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        Digest sent = await Checked.SendAsync(server, 100 * 1024 * 1024, 3, TestContext.Current.CancellationToken);
        Assert.Equal(0, await curl.ExitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal(sent.Sha256, await Checked.FileAsync(_scratch.File("copy")));
    }

    [Fact]
    public async Task Client_HalfCloses_AndStillGetsTheAnswer()
    {
        using Socket listener = Loopback.Listen(out int targetPort);
        (Socket client, Socket target) = await Loopback.ConnectThroughAsync(await shared.ForwardAsync(targetPort), listener);
        using (client)
        using (target)
        {
            Digest sentUp = await Checked.SendAsync(client, 1_000_001, 4, TestContext.Current.CancellationToken);
            Assert.Equal(sentUp, await Checked.ReceiveAsync(target, null, TestContext.Current.CancellationToken)); // ends only with the client's FIN
            Task<Digest> answer = Checked.SendAsync(target, 2_000_003, 5, TestContext.Current.CancellationToken);
            Assert.Equal(await answer, await Checked.ReceiveAsync(client, null, TestContext.Current.CancellationToken));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OneSide_Resets_AndTheOtherSeesAReset(bool clientResets)
    {
        using Socket listener = Loopback.Listen(out int targetPort);
        (Socket client, Socket target) = await Loopback.ConnectThroughAsync(await shared.ForwardAsync(targetPort), listener);
        (Socket resetting, Socket other) = clientResets ? (client, target) : (target, client);
        using (other)
        {
            resetting.LingerState = new LingerOption(enable: true, seconds: 0);
            resetting.Dispose();
            Assert.True(await Loopback.EndedByResetAsync(other, TimeSpan.FromSeconds(5)), "ended without a reset");
        }
    }

    public void Dispose() => _scratch.Dispose();

    private static async Task ReadRequestAsync(Socket server)
    {
        StringBuilder request = new();
        byte[] buffer = new byte[4096];
        while (!request.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            request.Append(Encoding.ASCII.GetString(buffer, 0, await server.ReceiveAsync(buffer)));
        }
    }
}
