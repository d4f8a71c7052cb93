using System.Buffers;
using System.IO.Pipelines;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Protocol.Carriers;

/// <summary>The trivial carrier: both components in one process, a message is a call. It shows that nothing depends on HTTP.</summary>
/// <param name="end">The second component's end of the session.</param>
/// <param name="patience">How long a write request may wait for the target.</param>
public sealed class MemoryCarrier(SessionEnd end, TimeSpan patience) : ICarrier
{
    /// <inheritdoc/>
    public async Task<WriteAnswer> WriteAsync(WriteRequest request, CancellationToken cancellationToken)
    {
        PipeReader body = PipeReader.Create(request.Bytes.IsEmpty ? ReadOnlySequence<byte>.Empty : request.Bytes);
        return await end.AcceptAsync(request.Offset, body, request.Fin, request.Ack, new AcceptLimits(patience, int.MaxValue), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<ReadAnswer> ReadAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        OutboundRange range = await end.ReadAsync(request, cancellationToken);
        return new ReadAnswer(range.Offset, range.Fin, range.Length, PipeReader.Create(range.Bytes).AsStream(), range);
    }

    /// <inheritdoc/>
    public Task EndAsync(string reason, CancellationToken cancellationToken)
    {
        end.Dispose();
        return Task.CompletedTask;
    }
}
