using System.Net;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Http1;

/// <summary>Requests that may share a connection, against servers that carry lanes, and others.</summary>
public sealed class SharedConnectionTests
{
    private const TaskCreationOptions Apart = TaskCreationOptions.RunContinuationsAsynchronously;

    public static TheoryData<string> Refusals =>
    [
        "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nnoframes\r\n",
        "HTTP/1.1 502 Bad Gateway\r\n\r\n",
        "",
        "nonsense\r\n\r\n",
    ];

    [Fact]
    public async Task Requests_ThatMayShare_TakeTheirOwnConnection_UntilLanesStand()
    {
        await using LaneServer server = new();

        Assert.Equal("connection", await server.GetAsync());
        await server.SharedAsync();

        Assert.Equal((2, 1), (server.Connections, server.Begun)); // the own one, which was kept, and the shared one
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => server.GetAsync())), by => Assert.Equal("lane", by));
        Assert.Equal("connection", await server.GetAsync(mayShare: false));
        Assert.Equal((2, 1), (server.Connections, server.Begun));
    }

    [Fact]
    public async Task Requests_ThatMayNotShare_BeginNoLanes()
    {
        await using LaneServer server = new();

        for (int i = 0; i < 10; i++)
        {
            Assert.Equal("connection", await server.GetAsync(mayShare: false));
        }

        Assert.Equal((1, 0), (server.Connections, server.Begun));
    }

    [Fact]
    public async Task Requests_OneAfterTheOther_UseOneLane()
    {
        await using LaneServer server = new();
        await server.SharedAsync();

        for (int i = 0; i < 20; i++)
        {
            Assert.Equal("lane", await server.GetAsync());
        }

        Assert.Equal(1, server.Lanes);
    }

    [Fact]
    public async Task Lanes_HaveNoPartOfThePathThatIsTheGateways()
    {
        await using LaneServer server = new();
        await server.SharedAsync();

        await server.GetAsync("/v1/sessions/x?a=1");
        await server.GetAsync("/v1/sessions/x?a=1", mayShare: false);

        (string By, string Head)[] asked = [.. server.Asked.TakeLast(2)];
        Assert.Equal(("lane", "connection"), (asked[0].By, asked[1].By));
        Assert.StartsWith("GET /v1/sessions/x?a=1 HTTP/1.1\r\nHost: 127.0.0.1:", asked[0].Head, StringComparison.Ordinal);
        Assert.StartsWith($"GET {LaneServer.Prefix}/v1/sessions/x?a=1 HTTP/1.1\r\nHost: 127.0.0.1:", asked[1].Head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Carrier_SaysWhatItCarries()
    {
        await using LaneServer server = new();
        await server.SharedAsync();

        string head = server.Asked.First(asked => asked.Head.StartsWith("POST ", StringComparison.Ordinal)).Head;
        Assert.Contains("\r\nContent-Type: binary/tcp\r\n", head, StringComparison.Ordinal);
        Assert.Contains("\r\nTransfer-Encoding: chunked\r\n", head, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Server_ThatRefusesLanes_IsAskedOnce_AndRequestsGoOn(string refusal)
    {
        TaskCompletionSource refused = new(Apart);
        await using LaneServer server = new(async (_, stream) =>
        {
            await LaneServer.SayAsync(stream, refusal);
            await stream.DisposeAsync();
            refused.SetResult();
        });

        Assert.Equal("connection", await server.GetAsync());
        await refused.Task.Soon();
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal("connection", await server.GetAsync());
        }

        Assert.Equal(1, server.Begun);
    }

    /// <summary>Both at once: each takes as long as a client waits.</summary>
    [Fact]
    public Task Path_ThatPassesNothingOn_IsGivenUp_AndRequestsGoOnMeanwhile() =>
        Task.WhenAll(RequireGivenUpAsync(""), RequireGivenUpAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));

    [Fact]
    public async Task Cut_FailsWhatIsUnderWay_AndLaterRequestsPass()
    {
        await using LaneServer server = new();
        await server.SharedAsync();
        Task<HttpResponseMessage>[] held = [.. Enumerable.Range(0, 5).Select(_ => server.SendAsync(HttpMethod.Get, "/v1/sessions/held"))];
        await Waiting.UntilAsync(() => server.Asked.Count(asked => asked is { By: "lane" } && asked.Head.Contains("held", StringComparison.Ordinal)) == held.Length, "all are under way");

        server.Cut();

        foreach (Task<HttpResponseMessage> request in held)
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => request.Soon());
        }

        await Waiting.UntilAsync(async () => await TryAsync(server) == "connection", "requests pass again"); // the client may not have noticed yet
        Assert.Equal("connection", await server.GetAsync());
        Assert.Equal(1, server.Begun); // one that has been cut so soon is not tried again at once
    }

    [Fact]
    public async Task Lane_ThatSaysWhatNobodyAskedFor_IsReplaced()
    {
        await using LaneServer server = new();
        await server.SharedAsync();
        Assert.Equal("lane", await server.GetAsync("/v1/sessions/twice"));

        Assert.Equal("lane", await server.GetAsync());

        Assert.Equal(2, server.Lanes);
    }

    [Fact]
    public async Task Lane_CutAsTheRequestComes_FailsItAlone()
    {
        await using LaneServer server = new();
        await server.SharedAsync();
        Task<HttpResponseMessage> other = server.SendAsync(HttpMethod.Get, "/v1/sessions/held");

        await Assert.ThrowsAsync<HttpRequestException>(() => server.SendAsync(HttpMethod.Get, "/v1/sessions/cut").Soon());

        Assert.Equal("lane", await server.GetAsync());
        server.Held.SetResult();
        using HttpResponseMessage answer = await other.Soon();
        Assert.Equal("lane", answer.Headers.GetValues("By").Single());
    }

    [Fact]
    public async Task Post_RefusedBeforeItsBody_GivesTheRefusal_AndOthersGoOn()
    {
        await using LaneServer server = new();
        await server.SharedAsync();
        int lanes = server.Lanes;
        EndlessContent endless = new();

        using (HttpResponseMessage answer = await server.SendAsync(HttpMethod.Post, "/v1/sessions/refused", endless).Soon())
        {
            Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "lane"), (answer.StatusCode, answer.Headers.GetValues("By").Single()));
        }

        Assert.Equal("lane", await server.GetAsync());
        Assert.Equal(lanes + 1, server.Lanes); // the one that was refused serves nothing more
        Assert.Equal(1, server.Begun);
        endless.End();
    }

    [Fact]
    public async Task Leave_LeavesWhatIsUnderWay_AndNewRequestsTakeAnotherConnection()
    {
        await using LaneServer server = new();
        await server.SharedAsync();
        Task<HttpResponseMessage> held = server.SendAsync(HttpMethod.Get, "/v1/sessions/held");
        await Waiting.UntilAsync(() => server.Asked.Last().Head.Contains("held", StringComparison.Ordinal), "it is under way");

        server.Carried!.Leave();

        await Waiting.UntilAsync(async () => await TryAsync(server) == "connection", "the client knows");
        Assert.Equal("connection", await server.GetAsync());
        server.Held.SetResult();
        using HttpResponseMessage answer = await held.Soon();
        Assert.Equal((HttpStatusCode.OK, "lane"), (answer.StatusCode, answer.Headers.GetValues("By").Single()));
    }

    [Fact]
    public async Task Leave_WhereNothingIsUnderWay_EndsTheSharedConnection()
    {
        TaskCompletionSource ended = new(Apart);
        await using LaneServer server = new((server, stream) => CarryAsync(server, stream, ended));
        await server.SharedAsync();

        server.Carried!.Leave();

        await Waiting.UntilAsync(async () => await TryAsync(server) == "connection", "the client knows");
        await ended.Task.Soon();
        Assert.Equal((2, 1), (server.Connections, server.Begun));
    }

    [Fact]
    public async Task Dispose_WhileLanesAreBeginning_LeavesNoneOfThem()
    {
        TaskCompletionSource begun = new(Apart), go = new(Apart), ended = new(Apart);
        await using LaneServer server = new(async (server, stream) =>
        {
            begun.SetResult();
            await go.Task;
            await CarryAsync(server, stream, ended);
        });
        await server.GetAsync();
        await begun.Task.Soon();

        server.Client.Dispose();
        go.SetResult();

        await ended.Task.Soon();
    }

    [Fact]
    public async Task Dispose_EndsTheSharedConnection()
    {
        TaskCompletionSource ended = new(Apart);
        await using LaneServer server = new((server, stream) => CarryAsync(server, stream, ended));
        await server.SharedAsync();

        server.Client.Dispose();

        await ended.Task.Soon();
    }

    private static async Task CarryAsync(LaneServer server, Stream stream, TaskCompletionSource ended)
    {
        try
        {
            await server.CarryAsync(stream);
        }
        finally
        {
            ended.SetResult();
        }
    }

    private static async Task RequireGivenUpAsync(string answer)
    {
        TaskCompletionSource begun = new(Apart), left = new(Apart);
        await using LaneServer server = new(async (_, stream) =>
        {
            begun.SetResult();
            await LaneServer.SayAsync(stream, answer);
            try
            {
                await stream.CopyToAsync(Stream.Null);
            }
            finally
            {
                left.SetResult();
            }
        });
        Assert.Equal("connection", await server.GetAsync());
        await begun.Task.Soon();
        Assert.Equal("connection", await server.GetAsync());

        await left.Task.Soon();

        for (int i = 0; i < 50; i++)
        {
            Assert.Equal("connection", await server.GetAsync());
        }

        Assert.Equal(1, server.Begun);
    }

    /// <summary>A body of which nothing comes until it ends.</summary>
    private sealed class EndlessContent : HttpContent
    {
        private readonly TaskCompletionSource _end = new(Apart);

        public void End() => _end.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync();
            await _end.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    /// <summary>What a request came by; null where it has failed with what carried it.</summary>
    private static async Task<string?> TryAsync(LaneServer server)
    {
        try
        {
            return await server.GetAsync();
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
