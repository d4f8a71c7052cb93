using System.IO.Pipelines;
using System.Net;

namespace TunnelAspire.Relay;

/// <summary>A request's body on its way through: handed on as it arrives, never held whole.</summary>
internal sealed class RelayedBody(PipeReader source, long? length) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await source.ReadAsync(cancellationToken);
            foreach (ReadOnlyMemory<byte> bytes in result.Buffer)
            {
                await stream.WriteAsync(bytes, cancellationToken);
            }

            bool arrived = !result.Buffer.IsEmpty;
            source.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return;
            }

            if (arrived)
            {
                await stream.FlushAsync(cancellationToken);
            }
        }
    }

    protected override bool TryComputeLength(out long computed)
    {
        computed = length ?? 0;
        return length is not null;
    }
}
