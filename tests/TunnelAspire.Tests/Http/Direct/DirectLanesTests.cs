using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using TunnelAspire.Http.Direct;
using TunnelAspire.Protocol.Lanes;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Edge;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Http.Direct;

/// <summary>Lanes at a server, by whatever clients do with them.</summary>
public sealed class DirectLanesTests
{
    private const TaskCreationOptions Apart = TaskCreationOptions.RunContinuationsAsynchronously;
    private const string Receive = $"GET {DirectHost.Session}/receive HTTP/1.1\r\nHost: a\r\n\r\n";

    [Theory]
    [InlineData($"POST {DirectHost.Session}/send")]
    [InlineData($"GET {DirectHost.Session}/receive?max=1")]
    [InlineData("POST /v1/sessions?target=a:1")]
    [InlineData($"DELETE {DirectHost.Session}")]
    public Task Requests_ForSessions_AreServed_OneAfterTheOther(string request) => WithAsync(SayWhoAskedAsync, async client =>
    {
        string whole = $"{request} HTTP/1.1\r\nHost: a\r\n\r\n";
        Lane lane = await client.SendAsync(whole);
        string? first = (await LaneClient.AnswerAsync(lane))?.Headers["By"];
        Assert.StartsWith("lane of 127.0.0.1:", first, StringComparison.Ordinal);
        Assert.EndsWith($":{((IPEndPoint)client.Socket.LocalEndPoint!).Port}", first, StringComparison.Ordinal);
        await LaneClient.SendAsync(lane, whole + whole);
        Assert.Equal(first, (await LaneClient.AnswerAsync(lane))?.Headers["By"]);
        Assert.Equal(first, (await LaneClient.AnswerAsync(lane))?.Headers["By"]);
        Assert.Equal(1, client.Lanes.Count);
    });

    [Theory]
    [InlineData("GET /health")]
    [InlineData("GET /index.html")]
    [InlineData("GET /v1/path?a=1")]
    [InlineData("POST /v1/lanes")]
    [InlineData($"PUT {DirectHost.Session}")]
    [InlineData("no request")]
    public Task Request_ForAnythingElse_HasItsLaneCut_AndNoOther(string request) => WithAsync(SayWhoAskedAsync, async client =>
    {
        Lane lane = await client.SendAsync($"{request} HTTP/1.1\r\nHost: a\r\n\r\n");

        await RequireCutAsync(lane);
        Assert.Equal(200, (await client.AskAsync(DirectHost.Send())).Status);
    });

    [Fact]
    public Task Request_WithALongHead_HasItsLaneCut() => WithAsync(SayWhoAskedAsync, async client =>
    {
        await RequireCutAsync(await client.SendAsync(DirectHost.Send($"X: {new string('x', DirectHead.MostBytes)}\r\n")));
        Assert.Equal(200, (await client.AskAsync(DirectHost.Send($"X: {new string('x', DirectHead.MostBytes - 200)}\r\n"))).Status);
    });

    [Fact]
    public Task Lanes_WhileOthersWait_AreServed()
    {
        TaskCompletionSource go = new(Apart);
        return WithAsync(
            async context =>
            {
                if (HttpMethods.IsGet(context.Request.Method))
                {
                    await go.Task;
                }

                await DirectHost.EchoAsync(context);
            },
            async client =>
            {
                Lane[] parked = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => client.SendAsync(Receive)));
                string body = new('x', 100_000);
                for (int i = 0; i < 20; i++)
                {
                    Answer answer = await client.AskAsync(DirectHost.Send("Content-Length: 100000\r\n", body));
                    Assert.Equal((200, body.Length), (answer.Status, answer.Body.Length));
                }

                go.SetResult();
                Assert.All(await Task.WhenAll(parked.Select(LaneClient.AnswerAsync)), answer => Assert.Equal(200, answer?.Status));
            });
    }

    [Theory]
    [InlineData("dispose")]
    [InlineData("abort")]
    [InlineData("cut")]
    public async Task Client_ThatGoesAway_CancelsItsRequest(string how)
    {
        TaskCompletionSource begun = new(Apart), cancelled = new(Apart);
        await WithAsync(
            async context =>
            {
                using CancellationTokenRegistration over = context.RequestAborted.Register(cancelled.SetResult);
                begun.SetResult();
                await cancelled.Task;
                context.RequestAborted.ThrowIfCancellationRequested();
            },
            async client =>
            {
                Lane lane = await client.SendAsync(Receive);
                await begun.Task.Soon();
                Action leave = how switch
                {
                    "dispose" => lane.Dispose,
                    "abort" => lane.Abort,
                    _ => client.Dispose,
                };
                leave();
                await cancelled.Task.Soon();
            });
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/json")]
    public async Task Request_WithoutBinaryTcp_IsRefused(string mediaType)
    {
        await using DirectHost host = await DirectHost.StartAsync(DirectHost.EchoAsync);
        using EdgeClient client = new(host.Address);

        Answer answer = await client.AskAsync(HttpMethod.Post, TunnelPaths.Lanes, EdgeClient.Bytes([1], mediaType));

        answer.Require(TunnelError.UnsupportedMediaType);
    }

    [Fact]
    public async Task Request_ThatBringsNoFrames_IsRefused()
    {
        await using DirectHost host = await DirectHost.StartAsync(DirectHost.EchoAsync);
        using EdgeClient client = new(host.Address);

        Answer answer = await client.AskAsync(HttpMethod.Post, TunnelPaths.Lanes, EdgeClient.Bytes([.. Enumerable.Repeat((byte)0xFF, 64)]));

        answer.Require(TunnelError.Malformed);
    }

    [Fact]
    public async Task Request_InHttp2_IsForNoSession()
    {
        await using DirectHost host = await DirectHost.StartAsync(DirectHost.EchoAsync, null, ("Kestrel:EndpointDefaults:Protocols", "Http2"));
        using EdgeClient client = new(host.Address, host.Address);

        (await client.AskAsync(HttpMethod.Post, TunnelPaths.Lanes, EdgeClient.Bytes([1]))).Require(TunnelError.SessionUnknown);
    }

    [Fact]
    public async Task Request_OverTls_IsForNoSession()
    {
        (string certificate, string key) = (Path.GetTempFileName(), Path.GetTempFileName());
        await DirectConnectionTests.WriteIdentityAsync(certificate, key);
        await using DirectHost host = await DirectHost.StartAsync(DirectHost.EchoAsync, null, ("Tls:Certificate", certificate), ("Tls:Key", key));
        using HttpClient https = new(new SocketsHttpHandler { UseProxy = false, SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == "CN=localhost" } });

        using HttpResponseMessage answer = await https.PostAsync(new Uri(host.Address, TunnelPaths.Lanes), EdgeClient.Bytes([1])).Soon();

        (await Answer.ReadAsync(answer)).Require(TunnelError.SessionUnknown);
        File.Delete(certificate);
        File.Delete(key);
    }

    [Fact]
    public async Task Stop_AnswersWhatIsUnderWay_AndThenEndsWhatCarriedIt()
    {
        TaskCompletionSource begun = new(Apart), go = new(Apart);
        await using DirectHost host = await DirectHost.StartAsync(async context =>
        {
            if (HttpMethods.IsGet(context.Request.Method))
            {
                begun.SetResult();
                await go.Task;
            }

            await DirectHost.EchoAsync(context);
        });
        using LaneClient client = await LaneClient.ConnectAsync(host.Address);
        Lane idle = await client.SendAsync(DirectHost.Send());
        Assert.Equal(200, (await LaneClient.AnswerAsync(idle))?.Status);
        Lane busy = await client.SendAsync(Receive);
        await begun.Task.Soon();

        Task stopping = host.StopAsync();

        await client.Lanes.Leaving.Soon();
        Assert.Null(await LaneClient.AnswerAsync(idle));
        Assert.False(client.Running.IsCompleted);
        go.SetResult();
        Assert.Equal(200, (await LaneClient.AnswerAsync(busy))?.Status);
        await client.Running.Soon(); // in order: nobody's patience has ended
        client.Dispose();
        await stopping.Soon();
        Assert.Empty(host.Faults);
    }

    /// <summary>The answer is made, and the lane ended, on the thread that has received the rest of the request.</summary>
    [Fact]
    public async Task Stop_WhileARequestComes_AnswersItStill()
    {
        TaskCompletionSource begun = new(Apart);
        await using DirectHost host = await DirectHost.StartAsync(context =>
        {
            begun.SetResult();
            return DirectHost.EchoAsync(context);
        });
        using LaneClient client = await LaneClient.ConnectAsync(host.Address);
        Lane lane = await client.SendAsync(DirectHost.Send("Content-Length: 8\r\n", "half"));
        await begun.Task.Soon();

        Task stopping = host.StopAsync();

        await client.Lanes.Leaving.Soon();
        await LaneClient.SendAsync(lane, "half");
        Answer? answer = await LaneClient.AnswerAsync(lane);
        Assert.Equal("halfhalf"u8.ToArray(), answer?.Body);
        await client.Running.Soon();
        client.Dispose();
        await stopping.Soon();
    }

    [Fact]
    public async Task Stop_WithoutLanes_EndsWhatWouldCarryThem()
    {
        await using DirectHost host = await DirectHost.StartAsync(DirectHost.EchoAsync);
        using LaneClient client = await LaneClient.ConnectAsync(host.Address);

        Task stopping = host.StopAsync();

        await client.Running.Soon();
        client.Dispose();
        await stopping.Soon();
    }

    [Theory]
    [InlineData("Limits:MaxConnections", "3")]
    [InlineData("Limits:MaxConnectionsPerClient", "3")]
    public async Task Lane_ThatIsOneConnectionTooMany_IsCut(string limit, string most)
    {
        await using DirectHost host = await DirectHost.StartAsync(DirectHost.EchoAsync, null, (limit, most));
        using LaneClient client = await LaneClient.ConnectAsync(host.Address);
        Lane one = await client.SendAsync(DirectHost.Send());
        Lane two = await client.SendAsync(DirectHost.Send());
        Assert.Equal((200, 200), ((await LaneClient.AnswerAsync(one))?.Status, (await LaneClient.AnswerAsync(two))?.Status));

        await RequireCutAsync(await client.SendAsync(DirectHost.Send()));

        one.Dispose();
        await Waiting.UntilAsync(
            async () =>
            {
                using Lane next = await client.SendAsync(DirectHost.Send());
                return (await LaneClient.AnswerAsync(next))?.Status == 200;
            },
            "its place is free again");
        await LaneClient.SendAsync(two, DirectHost.Send());
        Assert.Equal(200, (await LaneClient.AnswerAsync(two))?.Status);
    }

    [Fact]
    public async Task Endpoint_ThatTakesNoMore_EndsItsLaneAfterTheAnswer_AndLetsTheOthersGoOn()
    {
        await using DirectHost host = await DirectHost.StartAsync(context =>
        {
            if (HttpMethods.IsGet(context.Request.Method))
            {
                context.Features.Get<IDirectFeature>()!.TakeNoMore();
            }

            return SayWhoAskedAsync(context);
        });
        using LaneClient client = await LaneClient.ConnectAsync(host.Address);
        Lane other = await client.SendAsync(DirectHost.Send());
        Assert.Equal(200, (await LaneClient.AnswerAsync(other))?.Status);

        Lane lane = await client.SendAsync(Receive);

        Assert.Equal("close", (await LaneClient.AnswerAsync(lane))?.Headers["Connection"]);
        Assert.Equal(0, await lane.ReceiveAsync(new byte[1], CancellationToken.None).Soon());
        await client.Lanes.Leaving.Soon();
        await RequireCutAsync(await client.SendAsync(DirectHost.Send()));
        await LaneClient.SendAsync(other, DirectHost.Send());
        Assert.Equal(200, (await LaneClient.AnswerAsync(other))?.Status);
    }

    [Fact]
    public async Task Client_ThatEndsTheRequest_HasItsAnswerEnded()
    {
        await using DirectHost host = await DirectHost.StartAsync(DirectHost.EchoAsync);
        using DirectClient client = await host.ConnectAsync();

        await client.SendAsync("POST /v1/lanes HTTP/1.1\r\nHost: a\r\nContent-Type: binary/tcp\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n\0\0\0\0\u0003\0\0\0\r\n0\r\n\r\n");
        await client.SendAsync(DirectHost.Send("Connection: close\r\nContent-Length: 5\r\n", "after"));

        string all = await client.RestAsync();
        Assert.Contains("8\r\n\0\0\0\0\u0004\0\0\0\r\n0\r\n\r\n", all, StringComparison.Ordinal);
    }

    private static async Task RequireCutAsync(Lane lane)
    {
        SocketException cut = await Assert.ThrowsAsync<SocketException>(() => lane.ReceiveAsync(new byte[1], CancellationToken.None).Soon());
        Assert.Equal(SocketError.ConnectionReset, cut.SocketErrorCode);
        lane.Dispose();
    }

    private static async Task WithAsync(RequestDelegate endpoint, Func<LaneClient, Task> test)
    {
        await using DirectHost host = await DirectHost.StartAsync(endpoint, endpoint);
        using (LaneClient client = await LaneClient.ConnectAsync(host.Address))
        {
            await test(client);
        }

        await host.StopAsync();
        Assert.Empty(host.Faults);
    }

    private static Task SayWhoAskedAsync(HttpContext context)
    {
        bool lane = context.Features.Get<IDirectFeature>()?.IsLane == true;
        context.Response.Headers["By"] = $"{(lane ? "lane" : "connection")} of {context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}";
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }
}
