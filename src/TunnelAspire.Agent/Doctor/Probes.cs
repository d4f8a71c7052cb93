using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using TunnelAspire.Agent.Http;
using TunnelAspire.Http1;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Doctor;

/// <summary>Requests to the relay's probe endpoints, made as the agent makes its own: same pool, proxy and headers.</summary>
internal sealed class Probes(TunnelServer server, string mediaType)
{
    private const int BlockBytes = 64 * 1024;

    // A cache that kept an answer of an earlier run must not be able to answer this one.
    private long _requests = (long)RandomNumberGenerator.GetInt32(int.MaxValue) << 16;

    /// <summary>Media type of bodies.</summary>
    public string MediaType => mediaType;

    /// <summary>A request to a probe endpoint, and the number that its answer repeats.</summary>
    public (HttpRequestMessage Request, long Number) Request(HttpMethod method, string path, string query = "")
    {
        long number = Interlocked.Increment(ref _requests);
        HttpRequestMessage request = server.Request(method, string.Create(CultureInfo.InvariantCulture, $"{path}?{TunnelPaths.Number}={number}{query}"));
        server.Caller.Authorize(request);
        return (request, number);
    }

    /// <summary>Sends as it is; whoever answers, that is the answer.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => server.SendAsync(request, cancellationToken);

    /// <summary>Whether the agent has a token to show.</summary>
    public bool HasToken => server.Caller.Known;

    /// <summary>Why requests have connections of their own, whatever the path can do; null where it is for the path to say.</summary>
    public string? WhyNoLanes => server.WhyNoLanes;

    /// <summary>Finds out whether requests can share a connection.</summary>
    public Task<SharingTrial> TryLanesAsync() => server.TryLanesAsync();

    /// <summary>What the agent makes of a failure to send.</summary>
    public Task<Exception> FailureAsync(HttpRequestException failure, CancellationToken cancellationToken) => PathFailure.OfAsync(failure, server, cancellationToken);

    /// <summary>Asks what the relay sees.</summary>
    /// <exception cref="CarrierException">No answer, or somebody else's.</exception>
    /// <exception cref="TunnelException">The relay refuses.</exception>
    public async Task<PathView> SeeAsync(CancellationToken cancellationToken)
    {
        (HttpRequestMessage request, long number) = Request(HttpMethod.Get, TunnelPaths.Path);
        using (request)
        {
            using HttpResponseMessage answer = await TunnelExchange.SendAsync(server, request, number, session: null, cancellationToken);
            return await ReadAsync(answer, PathReports.Default.PathView, cancellationToken);
        }
    }

    /// <summary>Sends a body; returns what the relay saw of it.</summary>
    /// <exception cref="CarrierException">No answer, or somebody else's.</exception>
    /// <exception cref="TunnelException">The relay refuses.</exception>
    public async Task<PathArrivals> SendAsync(HttpContent body, CancellationToken cancellationToken)
    {
        (HttpRequestMessage request, long number) = Request(HttpMethod.Post, TunnelPaths.PathSend);
        using (request)
        {
            body.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
            request.Content = body;
            using HttpResponseMessage answer = await TunnelExchange.SendAsync(server, request, number, session: null, cancellationToken);
            return await ReadAsync(answer, PathReports.Default.PathArrivals, cancellationToken);
        }
    }

    /// <summary>Asks for bytes: waits <paramref name="wait"/> ms, then gets parts with pauses between them. The caller disposes the answer.</summary>
    /// <exception cref="CarrierException">No answer, or somebody else's.</exception>
    /// <exception cref="TunnelException">The relay refuses.</exception>
    public async Task<HttpResponseMessage> ReceiveAsync(int wait, int parts, int size, int pause, CancellationToken cancellationToken)
    {
        (HttpRequestMessage request, long number) = Request(
            HttpMethod.Get, TunnelPaths.PathReceive, string.Create(CultureInfo.InvariantCulture, $"&{TunnelPaths.Wait}={wait}&{TunnelPaths.Parts}={parts}&{TunnelPaths.Size}={size}&{TunnelPaths.Pause}={pause}"));
        using (request)
        {
            return await TunnelExchange.SendAsync(server, request, number, session: null, cancellationToken);
        }
    }

    /// <summary>Reads a body to its end, or until it has been read for long enough; returns how many bytes came.</summary>
    public static async Task<long> CountAsync(HttpResponseMessage answer, CancellationToken enough, CancellationToken cancellationToken)
    {
        await using Stream body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            long count = 0;
            while (!enough.IsCancellationRequested && await body.ReadAsync(block, cancellationToken) is > 0 and { } read)
            {
                count += read;
            }

            return count;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    /// <summary>Reads the answer of the probe endpoints that answer with a document.</summary>
    public static async Task<T> ReadAsync<T>(HttpResponseMessage answer, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        try
        {
            await using Stream body = await answer.Content.ReadAsStreamAsync(cancellationToken);
            return await JsonSerializer.DeserializeAsync(body, type, cancellationToken) ?? throw new JsonException("it is empty");
        }
        catch (Exception e) when (e is JsonException or IOException or HttpRequestException)
        {
            throw new CarrierException(CarrierFault.Foreign, $"the relay's answer was changed or cut on the way: {e.Message}", e);
        }
    }
}
