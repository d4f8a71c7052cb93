using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using TunnelAspire.Tests.Edge;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Http.Direct;

/// <summary>Connections on which requests are served directly, by whatever clients do with them.</summary>
public sealed class DirectConnectionTests
{
    private const string Chunked = "Transfer-Encoding: chunked\r\n";
    private const TaskCreationOptions Apart = TaskCreationOptions.RunContinuationsAsynchronously; // a test that went on as the server could not stop it

    [Fact]
    public Task Requests_OneAfterTheOther_AreAnsweredOnOneConnection() => WithAsync(DirectHost.EchoAsync, async client =>
    {
        for (int i = 0; i < 300; i++)
        {
            await client.SendAsync(i % 2 == 0 ? DirectHost.Send("Content-Length: 5\r\n", "hello") : DirectHost.Send(Chunked, "5\r\nhello\r\n0\r\n\r\n"));
            await client.RequireAsync("hello");
        }
    });

    [Fact]
    public Task Requests_PipelinedAfterALength_AreAllAnswered() => WithAsync(DirectHost.EchoAsync, async client =>
    {
        await client.SendAsync(string.Concat(Enumerable.Range(0, 50).Select(i => DirectHost.Send("Content-Length: 2\r\n", $"{i:00}"))));

        for (int i = 0; i < 50; i++)
        {
            await client.RequireAsync($"{i:00}");
        }
    });

    [Fact]
    public async Task Body_WhoseFirstPartCameWithItsHead_IsReadWhole_AndTheNextRequestServed()
    {
        string body = new('x', 100_000);
        using SemaphoreSlim begun = new(0);
        await WithAsync(
            context =>
            {
                begun.Release();
                return DirectHost.EchoAsync(context);
            },
            async client =>
            {
                await client.SendAsync(DirectHost.Send("Content-Length: 100000\r\n", body[..1000]));
                await begun.WaitAsync().Soon();
                await client.SendAsync(body[1000..] + DirectHost.Send("Content-Length: 5\r\n", "after"));

                await client.RequireAsync(body);
                await client.RequireAsync("after");
            });
    }

    [Fact]
    public Task Request_PipelinedAfterChunks_EndsTheConnectionAfterTheFirstAnswer() => WithAsync(DirectHost.EchoAsync, async client =>
    {
        await client.SendAsync(DirectHost.Send(Chunked, "1\r\na\r\n0\r\n\r\n") + DirectHost.Send("Content-Length: 1\r\n", "b"));

        await client.RequireAsync("a");
        client.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        string rest = await client.RestAsync(); // answered, where its bytes came late; else the end
        Assert.True(rest.Length == 0 || rest.EndsWith("\r\n\r\nb", StringComparison.Ordinal), rest);
    });

    [Theory]
    [InlineData("HEAD", DirectHost.Session, "server")]
    [InlineData("PUT", DirectHost.Session, "server")]
    [InlineData("GET", "/health", "direct")]
    [InlineData("GET", "/v1/path?a=1", "direct")]
    [InlineData("GET", "/index.html", "server")]
    [InlineData("POST", "/v1/sessions?target=a:1", "direct")]
    [InlineData("DELETE", DirectHost.Session, "direct")]
    public Task Request_OtherThanSends_IsTheApplications_AndTheConnectionGoesOn(string method, string path, string by) => WithAsync(DirectHost.EchoAsync, async client =>
    {
        await client.SendAsync(DirectHost.Send("Content-Length: 1\r\n", "a"));
        await client.RequireAsync("a");
        await client.SendAsync($"{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(by, (await client.AnswerAsync())?.Headers["By"]);
        await client.SendAsync($"DELETE {DirectHost.Session} HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(by, (await client.AnswerAsync())?.Headers["By"]);
    });

    [Fact]
    public Task ConnectionClose_IsAnsweredAndDone() => WithAsync(DirectHost.EchoAsync, async client =>
    {
        await client.SendAsync(DirectHost.Send("Connection: close\r\nContent-Length: 1\r\n", "a") + DirectHost.Send("Content-Length: 1\r\n", "b"));

        Answer? answer = await client.AnswerAsync();
        Assert.Equal("close", answer?.Headers["Connection"]);
        Assert.Equal("", await client.RestAsync());
    });

    [Fact]
    public async Task Answer_ThatSaysClose_ClosesTheConnection()
    {
        await using DirectHost host = await DirectHost.StartAsync(context =>
        {
            context.Response.Headers.Connection = "close";
            context.Response.ContentLength = 0;
            return Task.CompletedTask;
        });
        using (DirectClient client = await host.ConnectAsync())
        {
            await client.SendAsync(DirectHost.Send());

            Assert.Equal("close", (await client.AnswerAsync())?.Headers["Connection"]);
            Assert.Equal("", await client.RestAsync());
        }

        await host.StopAsync();
        Assert.Empty(host.Faults);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_ThatGoesAway_CancelsItsRequest(bool reset)
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
                await client.SendAsync($"GET {DirectHost.Session}/receive HTTP/1.1\r\nHost: a\r\n\r\n");
                await begun.Task.Soon();
                client.Socket.LingerState = new(reset, 0);
                client.Dispose();
                await cancelled.Task.Soon();
            });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_ThatGoesAwayAfterAnOpenWithFirstBytes_CancelsIt(bool reset)
    {
        TaskCompletionSource<string> begun = new(Apart);
        TaskCompletionSource cancelled = new(Apart);
        await using DirectHost host = await DirectHost.StartAsync(DirectHost.EchoAsync, async context =>
        {
            using CancellationTokenRegistration over = context.RequestAborted.Register(cancelled.SetResult);
            using StreamReader body = new(context.Request.Body);
            begun.SetResult(await body.ReadToEndAsync());
            await cancelled.Task;
        });
        using DirectClient client = await host.ConnectAsync();

        await client.SendAsync("POST /v1/sessions?target=a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        Assert.Equal("hello", await begun.Task.Soon());
        Assert.False(cancelled.Task.IsCompleted);
        client.Socket.LingerState = new(reset, 0);
        client.Dispose();

        await cancelled.Task.Soon();
    }

    [Fact]
    public async Task Client_ThatAsksTheNextWhileItsOpenIsAnswered_DoesNotCancelIt()
    {
        TaskCompletionSource<CancellationToken> begun = new(Apart);
        TaskCompletionSource go = new(Apart);
        await using DirectHost host = await DirectHost.StartAsync(DirectHost.EchoAsync, async context =>
        {
            begun.SetResult(context.RequestAborted);
            await go.Task;
            await DirectHost.EchoAsync(context);
        });
        using DirectClient client = await host.ConnectAsync();

        await client.SendAsync("POST /v1/sessions?target=a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        CancellationToken aborted = await begun.Task.Soon();
        await client.SendAsync(DirectHost.Send("Content-Length: 4\r\n", "next"));
        go.SetResult();

        await client.RequireAsync("hello");
        await client.RequireAsync("next");
        Assert.False(aborted.IsCancellationRequested);
    }

    [Fact]
    public Task Body_ThatNobodyReads_DoesNotCostTheAnswer() => WithAsync(
        context =>
        {
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            context.Response.ContentLength = 0;
            return Task.CompletedTask;
        },
        async client =>
        {
            await client.SendAsync(DirectHost.Send("Content-Length: 1000000\r\n", new string('x', 1_000_000)) + DirectHost.Send());

            Assert.Equal(413, (await client.AnswerAsync())?.Status);
            Assert.Equal(413, (await client.AnswerAsync())?.Status);
        });

    [Theory]
    [InlineData("1\r\naX\r\n0\r\n\r\n")]
    [InlineData("1\r\nagarbage\r\n\r\n0\r\n\r\n")]
    [InlineData("x\r\n0\r\n\r\n")]
    [InlineData("1;x\ry\r\na\r\n0\r\n\r\n")]
    public Task Body_ThatIsBroken_IsToldAndNothingAfterItServed(string body) => WithAsync(DirectHost.EchoAsync, async client =>
    {
        await client.SendAsync(DirectHost.Send(Chunked, body + DirectHost.Send("Content-Length: 1\r\n", "b")));

        Assert.Equal(400, (await client.AnswerAsync())?.Status);
        Assert.Equal("", await client.RestAsync());
    });

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public Task Answer_OfAnotherLengthThanPromised_IsCut(int length) => WithAsync(
        async context =>
        {
            context.Response.ContentLength = 2;
            await context.Response.Body.WriteAsync(new byte[length]);
        },
        async client =>
        {
            await client.SendAsync(DirectHost.Send() + DirectHost.Send());

            Assert.DoesNotContain("HTTP/1.1", (await client.RestAsync()).Split("\r\n\r\n").Last(), StringComparison.Ordinal);
        });

    [Theory]
    [InlineData("X", "a\r\nInjected: b")]
    [InlineData("X", "a\nInjected: b")]
    [InlineData("X\r\nInjected", "b")]
    public Task Header_WithALineEnd_IsNeverSent(string name, string value) => WithAsync(
        context =>
        {
            context.Response.Headers[name] = value;
            return Task.CompletedTask;
        },
        async client =>
        {
            await client.SendAsync(DirectHost.Send());

            Assert.DoesNotContain("Injected", await client.RestAsync(), StringComparison.Ordinal);
        });

    [Fact]
    public async Task Application_ThatFails_IsAnswered500_AndWhatItRegisteredIsDisposed()
    {
        TaskCompletionSource disposed = new(Apart);
        await using DirectHost host = await DirectHost.StartAsync(DirectHost.EchoAsync, context =>
        {
            context.Response.OnCompleted(() =>
            {
                disposed.TrySetResult();
                return Task.CompletedTask;
            });
            throw new KeyNotFoundException();
        });
        using DirectClient client = await host.ConnectAsync();

        await client.SendAsync("POST /v1/sessionsx HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(500, (await client.AnswerAsync())?.Status);
        Assert.Equal("", await client.RestAsync());
        await disposed.Task.Soon();
    }

    [Fact]
    public async Task ForwardedHeaders_CountForTheirRequestOnly()
    {
        await using DirectHost host = await DirectHost.StartAsync(
            DirectHost.EchoAsync,
            context => context.Response.WriteAsync($"{context.Request.Scheme} {context.Connection.RemoteIpAddress}"),
            ("ForwardedHeaders_Enabled", "true"));
        using DirectClient client = await host.ConnectAsync();

        await client.SendAsync("POST /v1/sessions HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n");
        await client.SendAsync("POST /v1/sessions HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

        string answers = await client.RestAsync();
        Assert.Contains("https 192.0.2.1\r\n", answers, StringComparison.Ordinal);
        Assert.Contains("http 127.0.0.1\r\n", answers, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_LetsIdleConnectionsGo_AndAnswersThoseUnderWay()
    {
        TaskCompletionSource begun = new(Apart), go = new(Apart);
        await using DirectHost host = await DirectHost.StartAsync(async context =>
        {
            begun.SetResult();
            await go.Task;
            await DirectHost.EchoAsync(context);
        });
        using DirectClient idle = await host.ConnectAsync();
        using DirectClient busy = await host.ConnectAsync();
        await busy.SendAsync(DirectHost.Send("Content-Length: 1\r\n", "a"));
        await begun.Task.Soon();

        Task stopping = host.StopAsync();

        Assert.Equal("", await idle.RestAsync());
        go.SetResult();
        await busy.RequireAsync("a");
        await stopping.Soon();
    }

    [Fact]
    public async Task PlainRequest_AtAnHttpsAddress_IsNotServed()
    {
        (string certificate, string key) = (Path.GetTempFileName(), Path.GetTempFileName());
        await WriteIdentityAsync(certificate, key);
        await using DirectHost host = await DirectHost.StartAsync(DirectHost.EchoAsync, null, ("Tls:Certificate", certificate), ("Tls:Key", key));
        using DirectClient client = await host.ConnectAsync();

        await client.SendAsync(DirectHost.Send("Content-Length: 1\r\n", "a"));

        Assert.DoesNotContain("200 OK", await client.RestAsync(), StringComparison.Ordinal);
        using HttpClient https = new(new SocketsHttpHandler { UseProxy = false, SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == "CN=localhost" } });
        using HttpResponseMessage answer = await https.GetAsync(host.Address).Soon();
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        File.Delete(certificate);
        File.Delete(key);
    }

    [Fact]
    public async Task Request_AtAnAddressForHttp2Only_IsNotServed()
    {
        await using DirectHost host = await DirectHost.StartAsync(DirectHost.EchoAsync, null, ("Kestrel:EndpointDefaults:Protocols", "Http2"));
        using DirectClient client = await host.ConnectAsync();

        await client.SendAsync(DirectHost.Send("Content-Length: 1\r\n", "a"));

        Assert.DoesNotContain("200 OK", await client.RestAsync(), StringComparison.Ordinal);
    }

    private static async Task WithAsync(RequestDelegate endpoint, Func<DirectClient, Task> test)
    {
        await using DirectHost host = await DirectHost.StartAsync(endpoint);
        using DirectClient client = await host.ConnectAsync();
        await test(client);
    }

    internal static async Task WriteIdentityAsync(string certificate, string key)
    {
        using ECDsa pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=localhost", pair, HashAlgorithmName.SHA256);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 own = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        await File.WriteAllTextAsync(certificate, own.ExportCertificatePem());
        await File.WriteAllTextAsync(key, pair.ExportPkcs8PrivateKeyPem());
    }
}
