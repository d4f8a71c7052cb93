using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using TunnelAspire.Agent.Sessions;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Http;

/// <summary>
/// The first carrier: a write request is a POST, its response the acknowledgement (claims 2, 3); a read request is a GET, its
/// response brings the bytes (claim 5). Media type <c>binary/tcp</c> (claims 8, 9).
/// </summary>
public sealed class HttpCarrier(TunnelServer server, SessionGrant grant, MediaTypeHeaderValue mediaType, AgentMetrics metrics) : ICarrier
{
    private const string StreamQuery = "&" + TunnelPaths.Stream + "=1";

    private readonly string _send = TunnelPaths.Send(grant.Id);
    private readonly string _receive = TunnelPaths.Receive(grant.Id);
    private long _requests;

    /// <inheritdoc/>
    public async Task<long> WriteAsync(WriteRequest request, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        long number = Interlocked.Increment(ref _requests);
        string fin = request.Fin is { } end ? string.Create(CultureInfo.InvariantCulture, $"&{TunnelPaths.Fin}={end}") : "";
        using HttpRequestMessage message = Request(HttpMethod.Post, string.Create(
            CultureInfo.InvariantCulture, $"{_send}?{TunnelPaths.Offset}={request.Offset}{fin}&{TunnelPaths.Ack}={request.Ack}&{TunnelPaths.Number}={number}"));
        RangeContent content = new(request.Bytes, request.More, mediaType);
        message.Content = content;
        try
        {
            using HttpResponseMessage answer = await TunnelExchange.SendAsync(server, message, number, grant.Id, cancellationToken);
            metrics.Acknowledged(Stopwatch.GetElapsedTime(begun));
            return TunnelExchange.Offset(answer, TunnelHeaders.Ack);
        }
        catch (TunnelException e) when (e.Error == TunnelError.OffsetGap && WireText.TryParseOffset((string?)e.Data[TunnelHeaders.Ack], out long ack))
        {
            return ack; // the bytes before these are still on their way, by another request
        }
        finally
        {
            await content.EndedAsync();
        }
    }

    /// <inheritdoc/>
    public async Task<ReadAnswer> ReadAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        long number = Interlocked.Increment(ref _requests);
        using HttpRequestMessage message = Request(HttpMethod.Get, string.Create(
            CultureInfo.InvariantCulture,
            $"{_receive}?{TunnelPaths.Ack}={request.Ack}&{TunnelPaths.Generation}={request.Generation}&{TunnelPaths.Max}={request.MaxBytes}&{TunnelPaths.Hold}={(long)request.Hold.TotalMilliseconds}{(request.Stream ? StreamQuery : "")}&{TunnelPaths.Number}={number}"));
        HttpResponseMessage answer = await TunnelExchange.SendAsync(server, message, number, grant.Id, cancellationToken);
        try
        {
            long offset = TunnelExchange.Offset(answer, TunnelHeaders.Offset);
            long? fin = TunnelExchange.OptionalOffset(answer, TunnelHeaders.Fin);
            return new ReadAnswer(offset, fin, answer.Content.Headers.ContentLength, await answer.Content.ReadAsStreamAsync(cancellationToken), answer);
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task EndAsync(string reason, CancellationToken cancellationToken)
    {
        long number = Interlocked.Increment(ref _requests);
        using HttpRequestMessage message = Request(
            HttpMethod.Delete, string.Create(CultureInfo.InvariantCulture, $"{TunnelPaths.Session(grant.Id)}?{TunnelPaths.Reason}={reason}&{TunnelPaths.Number}={number}"));
        using HttpResponseMessage answer = await TunnelExchange.SendAsync(server, message, number, grant.Id, cancellationToken);
    }

    private HttpRequestMessage Request(HttpMethod method, string pathAndQuery)
    {
        HttpRequestMessage message = server.Request(method, pathAndQuery);
        message.Headers.TryAddWithoutValidation(TunnelHeaders.Token, grant.Token);
        return message;
    }
}
