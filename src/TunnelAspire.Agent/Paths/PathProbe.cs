using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Options;
using TunnelAspire.Agent.Http;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Paths;

/// <summary>Measures the path with the relay's probes, which go the way that sessions' requests go: same client, same proxy, same headers.</summary>
public sealed class PathProbe(TunnelServer server, IOptions<AgentOptions> options, TimeProvider time)
{
    private const int Parts = 3;
    private const int PartSize = 64;
    private const int LargestTried = 1024 * 1024;
    private const int SmallestTried = 4 * 1024;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Where everybody on the way to the server can read the agent's token: the server's URL; else null.</summary>
    public Uri? ExposesToken => server.Caller.Known && server.Url.Scheme == Uri.UriSchemeHttp && !server.Url.IsLoopback ? server.Url : null;

    /// <summary>Measures.</summary>
    /// <param name="sizes">Whether the largest body is looked for as well.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="CarrierException">A probe was lost, or nobody there knows of probes.</exception>
    /// <exception cref="TunnelException">The relay refuses probes.</exception>
    public async Task<PathMeasurement> MeasureAsync(bool sizes, CancellationToken cancellationToken)
    {
        using CancellationTokenSource overdue = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        overdue.CancelAfter(Patience);
        try
        {
            PathView view = await ViewAsync(overdue.Token);
            long begun = Stopwatch.GetTimestamp();
            await ViewAsync(overdue.Token);
            TimeSpan roundTrip = Stopwatch.GetElapsedTime(begun); // the connection was there already
            Task<bool> send = TwiceAsync(SendStreamsAsync, overdue.Token);
            Task<bool> receive = TwiceAsync(ReceiveStreamsAsync, overdue.Token);
            await Task.WhenAll(send, receive);
            return new PathMeasurement(await send, await receive, roundTrip, sizes ? await LargestBodyAsync(overdue.Token) : null, view.Protocol);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            // Not the caller's: a probe is overdue.
            throw new CarrierException(CarrierFault.Lost, "the answer to a probe is overdue", e);
        }
    }

    /// <summary>A busy machine delays parts as well: what looks held back once is looked at again.</summary>
    private static async Task<bool> TwiceAsync(Func<CancellationToken, Task<bool>> streams, CancellationToken cancellationToken) =>
        await streams(cancellationToken) || await streams(cancellationToken);

    private async Task<PathView> ViewAsync(CancellationToken cancellationToken)
    {
        (HttpRequestMessage request, long number) = Request(HttpMethod.Get, TunnelPaths.Path, "");
        using (request)
        {
            using HttpResponseMessage answer = await TunnelExchange.SendAsync(server, request, number, null, cancellationToken);
            return await ReadAsync(answer, PathReports.Default.PathView, cancellationToken);
        }
    }

    private async Task<bool> SendStreamsAsync(CancellationToken cancellationToken)
    {
        using ProbeBody body = new(new byte[PartSize], Parts, Pause, time, options.Value.MediaType);
        try
        {
            PathArrivals arrivals = await SendAsync(body, cancellationToken);
            return arrivals.Bytes == Parts * PartSize && PartLag.Of(body.Sent, PartLag.Arrivals(arrivals, Parts, PartSize)) < PartLag.Tolerated;
        }
        catch (CarrierException e) when (e.Fault != CarrierFault.Lost)
        {
            return false; // somebody refuses bodies without a length
        }
    }

    private async Task<bool> ReceiveStreamsAsync(CancellationToken cancellationToken)
    {
        (HttpRequestMessage request, long number) = Request(HttpMethod.Get, TunnelPaths.PathReceive, string.Create(
            CultureInfo.InvariantCulture, $"&{TunnelPaths.Parts}={Parts}&{TunnelPaths.Size}={PartSize}&{TunnelPaths.Pause}={Pause.TotalMilliseconds}"));
        using (request)
        {
            long begun = Stopwatch.GetTimestamp();
            using HttpResponseMessage answer = await TunnelExchange.SendAsync(server, request, number, null, cancellationToken);
            try
            {
                await using Stream body = await answer.Content.ReadAsStreamAsync(cancellationToken);
                TimeSpan[] arrived = new TimeSpan[Parts];
                byte[] part = new byte[PartSize];
                for (int i = 0; i < Parts; i++)
                {
                    await body.ReadExactlyAsync(part, cancellationToken);
                    arrived[i] = Stopwatch.GetElapsedTime(begun);
                }

                return PartLag.Of([.. Enumerable.Range(0, Parts).Select(i => Pause * i)], arrived) < PartLag.Tolerated;
            }
            catch (IOException e)
            {
                throw new CarrierException(CarrierFault.Lost, $"the answer to a probe broke off: {e.Message}", e);
            }
        }
    }

    /// <summary>Begins with what sessions would send, and halves it until it passes. A loss is tried again: it need not be for the size.</summary>
    private async Task<int?> LargestBodyAsync(CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[LargestTried];
        Random.Shared.NextBytes(bytes);
        bool lost = false;
        for (int size = LargestTried; size >= SmallestTried;)
        {
            try
            {
                using ProbeBody body = new(bytes.AsMemory(0, size), 1, TimeSpan.Zero, time, options.Value.MediaType);
                await SendAsync(body, cancellationToken);
                return size == LargestTried ? int.MaxValue : size;
            }
            catch (CarrierException e)
            {
                bool again = e.Fault == CarrierFault.Lost && !lost;
                lost = again;
                size = again ? size : size / 2;
            }
        }

        return null;
    }

    private async Task<PathArrivals> SendAsync(ProbeBody body, CancellationToken cancellationToken)
    {
        (HttpRequestMessage request, long number) = Request(HttpMethod.Post, TunnelPaths.PathSend, "");
        using (request)
        {
            request.Content = body;
            using HttpResponseMessage answer = await TunnelExchange.SendAsync(server, request, number, null, cancellationToken);
            return await ReadAsync(answer, PathReports.Default.PathArrivals, cancellationToken);
        }
    }

    private (HttpRequestMessage Request, long Number) Request(HttpMethod method, string path, string query)
    {
        long number = Random.Shared.NextInt64();
        HttpRequestMessage request = server.Request(method, $"{path}?{TunnelPaths.Number}={WireText.Format(number)}{query}");
        server.Caller.Authorize(request);
        return (request, number);
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        try
        {
            return JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(cancellationToken), type)
                ?? throw new JsonException("there is none");
        }
        catch (JsonException e)
        {
            throw new CarrierException(CarrierFault.Foreign, $"the report of a probe cannot be read: {e.Message}", e);
        }
        catch (HttpRequestException e)
        {
            throw new CarrierException(CarrierFault.Lost, $"the report of a probe broke off: {e.Message}", e);
        }
    }
}
