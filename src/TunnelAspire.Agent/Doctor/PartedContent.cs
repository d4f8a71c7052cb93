using System.Net;

namespace TunnelAspire.Agent.Doctor;

/// <summary>A chunked body in parts, with a pause between two of them.</summary>
/// <param name="parts">How many parts.</param>
/// <param name="bytes">Bytes of each part.</param>
/// <param name="pause">How long to wait between two parts.</param>
internal sealed class PartedContent(int parts, int bytes, TimeSpan pause) : HttpContent
{
    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        byte[] part = new byte[bytes];
        for (int i = 0; i < parts; i++)
        {
            await Task.Delay(i == 0 ? TimeSpan.Zero : pause, cancellationToken);
            await stream.WriteAsync(part, cancellationToken);
            await stream.FlushAsync(cancellationToken);
        }
    }
}
