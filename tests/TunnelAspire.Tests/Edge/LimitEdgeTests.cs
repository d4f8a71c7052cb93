using System.Net.Sockets;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Edge;

/// <summary>Limits that are set so low that a test reaches them: what is over them is refused, and the session that is open goes on.</summary>
public sealed class LimitEdgeTests
{
    private const int Many = 60;

    [Fact]
    public Task Opens_OverTheClientsRate_AreRefusedForAMoment() => WithAsync("OpensPerSecondPerClient", "1", async (client, hosts) =>
    {
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, Many).Select(_ => client.AskOpenAsync($"?target={hosts.Target}")));

        RequireSomeRefused(answers, "you ask for too many sessions");
        await Waiting.UntilAsync(async () => (await client.AskOpenAsync($"?target={hosts.Target}")).Status == 201, "there is room again");
    });

    [Fact]
    public Task Opens_OverTheRateOfAll_AreRefused() => WithAsync("OpensPerSecond", "2", async (client, hosts) =>
        RequireSomeRefused(await Task.WhenAll(Enumerable.Range(0, Many).Select(_ => client.AskOpenAsync($"?target={hosts.Target}"))), "too many sessions"));

    [Fact]
    public Task Probes_OverTheClientsRate_AreRefused() => WithAsync("ProbesPerSecondPerClient", "1", async (client, _) =>
        RequireSomeRefused(await Task.WhenAll(Enumerable.Range(0, Many).Select(_ => client.AskAsync(HttpMethod.Get, TunnelPaths.Path))), "too many probes"));

    [Fact]
    public Task Refusals_OverTheClientsRate_AreToldAsThat_AndEndItsOpens() => WithAsync("FailuresPerSecondPerClient", "1", async (client, hosts) =>
    {
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, Many).Select(number => number % 2 == 0
            ? client.AskOpenAsync("?target=nothing")
            : client.AskAsync(HttpMethod.Put, TunnelPaths.Sessions)));

        RequireSomeRefused(answers, "too many of your requests were refused");
        Answer open = await client.AskOpenAsync($"?target={hosts.Target}");
        Assert.Contains(open.Status, (int[])[201, 429]); // the next second may have begun
        await Waiting.UntilAsync(async () => (await client.AskOpenAsync($"?target={hosts.Target}")).Status == 201, "there is room again");
    });

    [Fact]
    public Task Receives_OverTheSessionsLimit_AreRefused() => WithAsync("MaxParkedPerSession", "16", async (client, hosts) =>
    {
        EdgeSession session = await client.OpenAsync(hosts.Target);
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, Many).Select(number => session.ReceiveAsync($"?ack=0&n={number}")));

        RequireSomeRefused(answers, "of the session are waiting");
        Assert.InRange(answers.Count(answer => answer.Status == 200), 16, Many - 1);
        await session.RequireEchoAsync(1000);
    });

    [Fact]
    public Task Sends_ThatWait_OverTheSessionsLimit_AreRefused() => WithAsync("MaxParkedPerSession", "16", async (client, hosts) =>
    {
        EdgeSession session = await client.OpenAsync(hosts.Target);
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, Many).Select(number => session.SendAsync($"?offset={number + 1}&n={number}", new byte[1])));

        Assert.Contains(answers, answer => answer.Status == 429);
        Assert.All(answers, answer => Assert.Contains(answer.Status, (int[])[409, 429]));
        await session.RequireEchoAsync(1000);
    });

    [Fact]
    public Task Memory_UsedUp_RefusesOpensAndSlowsSessions_ThatLoseNothing() => WithAsync("BufferBytes", "1", async (client, hosts) =>
    {
        EdgeSession session = await OpenWhenThereIsRoomAsync(client, hosts);
        (await session.SendAsync("?offset=0", Pattern.Bytes(0, TunnelHosts.MaxBody))).Require(200);
        Answer first = (await session.ReceiveAsync("?ack=0")).Require(200);
        Assert.InRange(first.Body.Length, 1, TunnelHosts.MaxBody);

        Answer refused = (await client.AskOpenAsync($"?target={hosts.Target}")).Require(TunnelError.Overloaded, "memory");

        Assert.Equal("1", refused.Headers["Retry-After"]);
        await session.RequireReceivedAsync(TunnelHosts.MaxBody, generation: 1);
        await Waiting.UntilAsync(async () =>
        {
            await session.ReceiveAsync($"?ack={TunnelHosts.MaxBody}&gen=1&hold=0");
            return (await client.AskOpenAsync($"?target={hosts.Target}")).Status == 201;
        }, "there is room again");
    });

    [Fact]
    public Task Connections_OverTheAddressesLimit_AreClosed() => WithAsync("MaxConnectionsPerClient", "8", async (client, _) =>
    {
        List<TcpClient> connections = [];
        int refused = 0;
        try
        {
            for (int i = 0; i < Many; i++)
            {
                try
                {
                    connections.Add(await client.ConnectAsync());
                }
                catch (SocketException)
                {
                    refused++; // reset while it was being told that it stands
                }
            }

            // Those that stand have nothing to say; those that were one too many have been closed.
            await Waiting.UntilAsync(() => refused + connections.Count(HasEnded) >= Many - 8, "what is over the limit is closed");
            Assert.False(connections.TrueForAll(HasEnded));
        }
        finally
        {
            connections.ForEach(connection => connection.Dispose());
        }
    });

    private static bool HasEnded(TcpClient connection) => connection.Client.Poll(0, SelectMode.SelectRead);

    private static void RequireSomeRefused(Answer[] answers, string detail)
    {
        List<Answer> refused = [.. answers.Where(answer => answer.Status == 429)];
        Assert.NotEmpty(refused);
        Assert.True(refused.Count < answers.Length);
        Assert.All(refused, answer => Assert.Equal("1", answer.Require(TunnelError.TooMany, detail).Headers["Retry-After"]));
    }

    /// <summary>Runs a test against hosts with one limit, beside a session that must be as well after it as before.</summary>
    private static async Task WithAsync(string limit, string value, Func<EdgeClient, TunnelHosts, Task> test)
    {
        TunnelHosts hosts = new(new() { [$"Limits:{limit}"] = value });
        await hosts.InitializeAsync();
        try
        {
            using EdgeClient client = new(hosts.Relay);
            EdgeSession neighbour = limit == "BufferBytes" ? await OpenWhenThereIsRoomAsync(client, hosts) : await client.OpenAsync(hosts.Target);
            await neighbour.RequireEchoAsync(100);
            if (limit == "BufferBytes")
            {
                await neighbour.ReceiveAsync("?ack=100&hold=0"); // keeps nothing
            }

            await test(client, hosts);
            await neighbour.RequireEchoAsync(100);
        }
        finally
        {
            await hosts.DisposeAsync();
        }
    }

    /// <summary>What the web servers of other tests hold counts, too: it is one process.</summary>
    private static async Task<EdgeSession> OpenWhenThereIsRoomAsync(EdgeClient client, TunnelHosts hosts)
    {
        Answer? opened = null;
        await Waiting.UntilAsync(async () => (opened = await client.AskOpenAsync($"?target={hosts.Target}")).Status == 201, "there is room");
        return new EdgeSession(client, opened!.Headers[TunnelHeaders.Session], opened.Headers[TunnelHeaders.Token]);
    }
}
