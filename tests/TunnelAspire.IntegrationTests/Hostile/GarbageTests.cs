using System.Net.Sockets;
using System.Security.Cryptography;
using Xunit;

namespace TunnelAspire.IntegrationTests.Hostile;

/// <summary>Requests that are absurd, and bytes that are no requests.</summary>
public sealed class GarbageTests(Besieged siege) : SiegeTests(siege)
{
    private const int OpensAtOnce = 10_000;

    public static TheoryData<string, string> AbsurdHeads => new()
    {
        { $"GET /v1/path?{new string('x', 100_000)} HTTP/1.1\r\nHost: a\r\n\r\n", "414" },
        { $"GET /v1/path HTTP/1.1\r\nHost: a\r\nX: {new string('x', 100_000)}\r\n\r\n", "431" },
        { $"GET /v1/path HTTP/1.1\r\nHost: a\r\n{string.Concat(Enumerable.Range(0, 1000).Select(i => $"X{i}: 1\r\n"))}\r\n", "431" },
        { "GET /v1/path HTTP/1.1\r\nHost: a\r\nNo colon\r\n\r\n", "400" },
        { "GET /v1/path HTTP/1.1\r\nHost: a\r\nTunnel-Token: \0\r\n\r\n", "400" },
        { "GET /v1/path HTTP/1.1\r\n\r\n", "400" },
        { "GET /v1/path HTTP/9.9\r\nHost: a\r\n\r\n", "505" },
        { "G\0T /v1/path HTTP/1.1\r\nHost: a\r\n\r\n", "400" },
        { "POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "400" },
        { "POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "400" },
        { "POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", "400" },
        { "POST /v1/sessions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "400" },
        { $"POST /v1/sessions?target=127.0.0.1:1 HTTP/1.1\r\nHost: a\r\nContent-Type: binary/tcp\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n", "4" },
    };

    [Theory]
    [MemberData(nameof(AbsurdHeads))]
    public async Task Head_ThatIsAbsurd_IsRefused(string head, string status)
    {
        await using NetworkStream stream = await Besieged.ConnectAsync(Siege.Port);
        await Besieged.TrySendAsync(stream, head);
        Assert.StartsWith($"HTTP/1.1 {status}", await Besieged.StatusAsync(stream), StringComparison.Ordinal);
    }

    [Fact]
    public Task Heads_ThatAreAbsurd_HoldUpNobody() => WithstandsAsync(async served =>
    {
        string[] heads = [.. AbsurdHeads.Select(row => row.Data.Item1)];
        await Parallel.ForEachAsync(Enumerable.Range(0, 2000), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (number, _) =>
        {
            await using NetworkStream stream = await Besieged.ConnectAsync(Siege.Port);
            await Besieged.TrySendAsync(stream, heads[number % heads.Length]);
        });
        await served();
    });

    [Fact]
    public Task Garbage_HoldsUpNobody() => WithstandsAsync(200, Siege.Port, async stream =>
    {
        for (int i = 0; i < 16 && await Besieged.TrySendAsync(stream, RandomNumberGenerator.GetBytes(RandomNumberGenerator.GetInt32(1, 64 * 1024))); i++)
        {
            // Until the server has cut it.
        }
    });

    [Fact]
    public Task Garbage_InTls_HoldsUpNobody() => WithstandsAsync(200, Siege.PortInTls, stream =>
        Besieged.TrySendAsync(stream, RandomNumberGenerator.GetBytes(64 * 1024)));

    [Fact]
    public Task Pipelines_OfBadRequests_HoldUpNobody()
    {
        string pipeline = string.Concat(Enumerable.Range(0, 200).Select(number => (number % 4) switch
        {
            0 => "GET /v1/sessions/nothing/receive?ack=x HTTP/1.1\r\nHost: a\r\n\r\n",
            1 => "PUT /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
            2 => "POST /v1/sessions?target=nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            _ => "DELETE /v1/sessions/AAAAAAAAAAAAAAAAAAAAAA HTTP/1.1\r\nHost: a\r\nTunnel-Token: wrong\r\n\r\n",
        })) + "garbage without end";
        return WithstandsAsync(50, Siege.Port, async stream =>
        {
            await Besieged.TrySendAsync(stream, pipeline);
            await DrainAsync(stream);
        });
    }

    [Fact]
    public Task Bodies_WithoutEnd_HoldUpNobody() => WithstandsAsync(async served =>
    {
        using HttpClient http = new();
        (string path, string token) = await Siege.OpenAsync(http);
        string[] requests =
        [
            $"POST {path}/send?offset=0 HTTP/1.1\r\nHost: a\r\nTunnel-Token: {token}\r\n",
            "POST /v1/sessions/AAAAAAAAAAAAAAAAAAAAAA/send?offset=0 HTTP/1.1\r\nHost: a\r\nTunnel-Token: wrong\r\n",
            $"POST /v1/sessions?target={Siege.Target.Address} HTTP/1.1\r\nHost: a\r\n",
            "POST /v1/path/send HTTP/1.1\r\nHost: a\r\n",
            "PUT /v1/sessions HTTP/1.1\r\nHost: a\r\n",
            "POST /health HTTP/1.1\r\nHost: a\r\n",
        ];
        byte[] chunk = [.. "10000\r\n"u8, .. new byte[64 * 1024], .. "\r\n"u8];
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(3));
        await Task.WhenAll([served(), .. requests.Select(async request =>
        {
            await using NetworkStream stream = await Besieged.ConnectAsync(Siege.Port);
            await Besieged.TrySendAsync(stream, $"{request}Content-Type: binary/tcp\r\nTransfer-Encoding: chunked\r\n\r\n");
            while (!limit.IsCancellationRequested && await Besieged.TrySendAsync(stream, chunk))
            {
                // Until the server has cut it, or reads no more.
            }
        })]);
        using HttpRequestMessage end = new(HttpMethod.Delete, $"{Siege.Url}{path}");
        end.Headers.Add("Tunnel-Token", token);
        await http.SendAsync(end);
    });

    [Fact]
    public Task Opens_TenThousandAtOnce_AreServedOrToldToWait() => WithstandsAsync(async served =>
    {
        using HttpClient http = new(new SocketsHttpHandler { EnableMultipleHttp2Connections = true, UseProxy = false })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{Siege.PortInHttp2}"),
            DefaultRequestVersion = System.Net.HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TimeSpan.FromMinutes(2),
        };
        Task<int[]> opens = Task.WhenAll(Enumerable.Range(0, OpensAtOnce).Select(_ => OpenAndEndAsync(http)));
        await served();
        int[] statuses = await opens;
        Assert.All(statuses, status => Assert.Contains(status, (int[])[201, 429, 503]));
        Assert.Contains(201, statuses);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", statuses.CountBy(status => status).Select(count => $"{count.Key}: {count.Value}")));
    });

    private async Task<int> OpenAndEndAsync(HttpClient http)
    {
        using HttpResponseMessage answer = await http.PostAsync($"/v1/sessions?target={Siege.Target.Address}", null);
        if (answer.IsSuccessStatusCode)
        {
            using HttpRequestMessage end = new(HttpMethod.Delete, answer.Headers.Location) { Version = http.DefaultRequestVersion, VersionPolicy = http.DefaultVersionPolicy };
            end.Headers.Add("Tunnel-Token", answer.Headers.GetValues("Tunnel-Token"));
            using HttpResponseMessage ended = await http.SendAsync(end);
            Assert.Equal(204, (int)ended.StatusCode);
        }

        return (int)answer.StatusCode;
    }

    private static async Task DrainAsync(NetworkStream stream)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
        byte[] buffer = new byte[64 * 1024];
        try
        {
            while (await stream.ReadAsync(buffer, limit.Token) > 0)
            {
                // Answers.
            }
        }
        catch (IOException)
        {
            // Cut.
        }
    }
}
