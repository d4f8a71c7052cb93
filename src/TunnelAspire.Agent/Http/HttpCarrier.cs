using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using TunnelAspire.Agent.Sessions;
using TunnelAspire.Http1;
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
    private volatile bool _shares; // the last request might

    /// <inheritdoc/>
    public async Task<WriteAnswer> WriteAsync(WriteRequest request, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        long number = Interlocked.Increment(ref _requests);
        string fin = request.Fin is { } end ? string.Create(CultureInfo.InvariantCulture, $"&{TunnelPaths.Fin}={end}") : "";
        using HttpRequestMessage message = Request(HttpMethod.Post, string.Create(
            CultureInfo.InvariantCulture, $"{_send}?{TunnelPaths.Offset}={request.Offset}{fin}&{TunnelPaths.Ack}={request.Ack}&{TunnelPaths.Number}={number}"), request.Brief);
        RangeContent content = new(request.Bytes, request.More, mediaType);
        message.Content = content;
        try
        {
            using HttpResponseMessage answer = await TunnelExchange.SendAsync(server, message, number, grant.Id, cancellationToken);
            metrics.Acknowledged(Stopwatch.GetElapsedTime(begun));
            return new WriteAnswer(TunnelExchange.Offset(answer, TunnelHeaders.Ack), TunnelExchange.OptionalOffset(answer, TunnelHeaders.Fin));
        }
        catch (TunnelException e) when (e.Error == TunnelError.OffsetGap && e.Data[TunnelHeaders.Ack] is long ack)
        {
            return new WriteAnswer(ack, null); // the bytes before these are still on their way, by another request
        }
        catch (TunnelException e) when (EndedInOrder(e, out WriteAnswer told))
        {
            return told; // an earlier answer said so, and was lost
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
            $"{_receive}?{TunnelPaths.Ack}={request.Ack}&{TunnelPaths.Generation}={request.Generation}&{TunnelPaths.Max}={request.MaxBytes}&{TunnelPaths.Hold}={(long)request.Hold.TotalMilliseconds}{(request.Stream ? StreamQuery : "")}&{TunnelPaths.Number}={number}"), request.Brief);
        try
        {
            HttpResponseMessage answer = await TunnelExchange.SendAsync(server, message, number, grant.Id, cancellationToken);
            return await AnswerAsync(answer, cancellationToken);
        }
        catch (TunnelException e) when (EndedInOrder(e, out WriteAnswer end))
        {
            return new ReadAnswer(end.Fin!.Value, end.Fin, 0, Stream.Null);
        }
        catch (CarrierException e) when (message is Http1Request { IsShared: true })
        {
            e.IsShared = true;
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task EndAsync(string reason, CancellationToken cancellationToken)
    {
        long number = Interlocked.Increment(ref _requests);
        using HttpRequestMessage message = Request(
            HttpMethod.Delete, string.Create(CultureInfo.InvariantCulture, $"{TunnelPaths.Session(grant.Id)}?{TunnelPaths.Reason}={reason}&{TunnelPaths.Number}={number}"), _shares);
        _shares = false; // the next one repeats it
        try
        {
            using HttpResponseMessage answer = await TunnelExchange.SendAsync(server, message, number, grant.Id, cancellationToken);
        }
        catch (TunnelException e) when (EndedInOrder(e, out _))
        {
            // It has ended with the last acknowledgement.
        }
    }

    /// <summary>What an answer to a receive brings; takes it over.</summary>
    internal static async Task<ReadAnswer> AnswerAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
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

    /// <summary>The session has ended, both streams at their ends: that is no failure.</summary>
    private static bool EndedInOrder(TunnelException refusal, out WriteAnswer end)
    {
        end = refusal.Data[TunnelHeaders.Ack] is long ack ? new WriteAnswer(ack, refusal.Data[TunnelHeaders.Fin] as long?) : default;
        return refusal.Error == TunnelError.SessionGone && end.Fin is not null;
    }

    private HttpRequestMessage Request(HttpMethod method, string pathAndQuery, bool mayShare)
    {
        _shares = mayShare;
        HttpRequestMessage message = server.Request(method, pathAndQuery, mayShare);
        message.Headers.TryAddWithoutValidation(TunnelHeaders.Token, grant.Token);
        return message;
    }
}
