using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using TunnelAspire.Agent.Http;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Doctor;

/// <summary>What the relay saw of a request.</summary>
internal sealed record SeenRequest(string Protocol, string Client, string? Via, string? ForwardedFor, string? Host, string? Relay, string? Version);

/// <summary>What the relay saw of a body: how much, and when it came.</summary>
internal sealed record SeenBody(long Bytes, IReadOnlyList<SeenPart> Parts);

/// <summary>Bytes that arrived together.</summary>
/// <param name="At">Milliseconds since the request's head arrived.</param>
/// <param name="Bytes">How many.</param>
internal sealed record SeenPart(double At, long Bytes);

/// <summary>Requests to the relay's probe endpoints, made as the agent makes its own: same pool, proxy and headers.</summary>
internal sealed class Probes(TunnelServer server, string mediaType)
{
    /// <summary>Tells what the relay sees of a request.</summary>
    public const string SeePath = "/v1/path";

    private const int BlockBytes = 64 * 1024;
    private const string SendPath = "/v1/path/send";
    private const string ReceivePath = "/v1/path/receive";

    // A cache that kept an answer of an earlier run must not be able to answer this one.
    private long _requests = (long)RandomNumberGenerator.GetInt32(int.MaxValue) << 16;

    /// <summary>A request to a probe endpoint, and the number that its answer repeats.</summary>
    public (HttpRequestMessage Request, long Number) Request(HttpMethod method, string path, string query = "")
    {
        long number = Interlocked.Increment(ref _requests);
        return (server.Request(method, string.Create(CultureInfo.InvariantCulture, $"{path}?{TunnelPaths.Number}={number}{query}")), number);
    }

    /// <summary>Sends as it is; whoever answers, that is the answer.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => server.SendAsync(request, cancellationToken);

    /// <summary>Asks what the relay sees.</summary>
    /// <exception cref="CarrierException">No answer, or somebody else's.</exception>
    /// <exception cref="TunnelException">The relay refuses.</exception>
    public async Task<SeenRequest> SeeAsync(CancellationToken cancellationToken)
    {
        (HttpRequestMessage request, long number) = Request(HttpMethod.Get, SeePath);
        using (request)
        {
            using HttpResponseMessage answer = await TunnelExchange.SendAsync(server, request, number, session: null, cancellationToken);
            return await ReadAsync<SeenRequest>(answer, cancellationToken);
        }
    }

    /// <summary>Sends a body; returns what the relay saw of it.</summary>
    /// <exception cref="CarrierException">No answer, or somebody else's.</exception>
    /// <exception cref="TunnelException">The relay refuses.</exception>
    public async Task<SeenBody> SendAsync(HttpContent body, CancellationToken cancellationToken)
    {
        (HttpRequestMessage request, long number) = Request(HttpMethod.Post, SendPath);
        using (request)
        {
            body.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
            request.Content = body;
            using HttpResponseMessage answer = await TunnelExchange.SendAsync(server, request, number, session: null, cancellationToken);
            return await ReadAsync<SeenBody>(answer, cancellationToken);
        }
    }

    /// <summary>Asks for bytes: waits <paramref name="wait"/> ms, then gets parts with pauses between them. The caller disposes the answer.</summary>
    /// <exception cref="CarrierException">No answer, or somebody else's.</exception>
    /// <exception cref="TunnelException">The relay refuses.</exception>
    public async Task<HttpResponseMessage> ReceiveAsync(int wait, int parts, int size, int pause, CancellationToken cancellationToken)
    {
        (HttpRequestMessage request, long number) = Request(
            HttpMethod.Get, ReceivePath, string.Create(CultureInfo.InvariantCulture, $"&wait={wait}&parts={parts}&size={size}&pause={pause}"));
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
    public static async Task<T> ReadAsync<T>(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            await using Stream body = await answer.Content.ReadAsStreamAsync(cancellationToken);
            return await JsonSerializer.DeserializeAsync<T>(body, JsonSerializerOptions.Web, cancellationToken) ?? throw new JsonException("it is empty");
        }
        catch (Exception e) when (e is JsonException or IOException or HttpRequestException)
        {
            throw new CarrierException(CarrierFault.Foreign, $"the relay's answer was changed or cut on the way: {e.Message}", e);
        }
    }
}
