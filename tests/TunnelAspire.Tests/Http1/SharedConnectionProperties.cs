using System.Net;
using Microsoft.AspNetCore.Http;
using TunnelAspire.Http.Direct;
using TunnelAspire.Http1;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Fuzzing;
using TunnelAspire.Tests.Harness;
using TunnelAspire.Tests.Http.Direct;

namespace TunnelAspire.Tests.Http1;

/// <summary>Many requests at once that share a connection, client and server as they are: each has its own answer, or none.</summary>
public sealed class SharedConnectionProperties
{
    private const int Workers = 16;
    private const int LargestBody = 60_000;
    private static readonly int Requests = ParserProperties.Times(100); // of each worker

    private int _onLanes;

    [Fact]
    public async Task Requests_OfWhichSomeAreCancelled_HaveTheirOwnAnswers()
    {
        await using DirectHost host = await DirectHost.StartAsync(EchoAsync);
        using HttpMessageInvoker client = Client(host.Address);
        await SharedAsync(client, host.Address);
        int seed = Random.Shared.Next();

        Outcome[][] outcomes = await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(() => AskAllAsync(client, host.Address, new Random(seed + worker), cancels: true)))).Soon();

        Assert.True(outcomes.SelectMany(outcome => outcome).All(outcome => outcome is Outcome.Answered or Outcome.Cancelled), $"seed {seed}: {Count(outcomes)}");
        Assert.Empty(host.Faults);
    }

    [Fact]
    public async Task Requests_WhileTheServerStops_HaveTheirOwnAnswers_OrNone()
    {
        await using DirectHost host = await DirectHost.StartAsync(EchoAsync);
        using HttpMessageInvoker client = Client(host.Address);
        await SharedAsync(client, host.Address);
        int seed = Random.Shared.Next();
        Task<Outcome[][]> asking = Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(async () =>
        {
            List<Outcome> all = [];
            while (all.Count == 0 || all[^1] == Outcome.Answered)
            {
                all.AddRange(await AskAllAsync(client, host.Address, new Random(seed + worker), cancels: false));
            }

            return all.ToArray();
        })));
        int before = Volatile.Read(ref _onLanes);
        await Waiting.UntilAsync(() => Volatile.Read(ref _onLanes) > before + Workers, "they are under way");

        await host.StopAsync().Soon();

        Outcome[][] outcomes = await asking.Soon();
        Assert.True(outcomes.SelectMany(outcome => outcome).All(outcome => outcome is Outcome.Answered or Outcome.Failed), $"seed {seed}: {Count(outcomes)}");
        Assert.Empty(host.Faults);
    }

    private enum Outcome
    {
        Answered,
        Cancelled,
        Failed,
        Wrong,
    }

    private Task EchoAsync(HttpContext context)
    {
        Interlocked.Add(ref _onLanes, context.Features.Get<IDirectFeature>()!.IsLane ? 1 : 0);
        return DirectHost.EchoAsync(context);
    }

    private Task SharedAsync(HttpMessageInvoker client, Uri server) => Waiting.UntilAsync(
        async () => await AskAsync(client, server, [1], cancelled: false, CancellationToken.None) == Outcome.Answered && Volatile.Read(ref _onLanes) > 0, "requests come on lanes");

    private static string Count(Outcome[][] outcomes) =>
        string.Join(", ", outcomes.SelectMany(outcome => outcome).CountBy(outcome => outcome).Select(counted => $"{counted.Value} {counted.Key}"));

    private static HttpMessageInvoker Client(Uri server) => new(new Http1Handler(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), _ =>
    {
        Http1Request request = new(HttpMethod.Post, server, TunnelPaths.Lanes) { IsTwoWay = true };
        request.Headers.TryAddWithoutValidation("Accept", TunnelMediaTypes.BinaryTcp);
        return request;
    }));

    private static async Task<Outcome[]> AskAllAsync(HttpMessageInvoker client, Uri server, Random random, bool cancels)
    {
        List<Outcome> outcomes = [];
        for (int i = 0; i < Requests; i++)
        {
            byte[] body = Pattern.Bytes(random.Next(), random.Next(10) == 0 ? random.Next(LargestBody) : random.Next(300));
            using CancellationTokenSource cancel = new();
            bool cancelled = cancels && random.Next(10) == 0;
            Task<Outcome> asking = AskAsync(client, server, body, cancelled, cancel.Token);
            if (cancelled)
            {
                await Task.Yield();
                await cancel.CancelAsync();
            }

            outcomes.Add(await asking);
        }

        return [.. outcomes];
    }

    private static async Task<Outcome> AskAsync(HttpMessageInvoker client, Uri server, byte[] body, bool cancelled, CancellationToken cancellationToken)
    {
        using Http1Request request = new(HttpMethod.Post, server, $"{DirectHost.Session}/send") { MayShare = true, Content = new ByteArrayContent(body) };
        try
        {
            using HttpResponseMessage answer = await client.SendAsync(request, cancellationToken);
            byte[] echo = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            return answer.StatusCode == HttpStatusCode.OK && echo.AsSpan().SequenceEqual(body) ? Outcome.Answered : Outcome.Wrong;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (cancelled && e is OperationCanceledException))
        {
            return cancelled ? Outcome.Cancelled : Outcome.Failed;
        }
    }
}
