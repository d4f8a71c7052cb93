using System.Net;

namespace TunnelAspire.Agent.Doctor;

/// <summary>A chunked body in two parts, with a pause between them.</summary>
/// <param name="bytes">Bytes of each part.</param>
/// <param name="pause">How long to wait between them.</param>
internal sealed class PartedContent(int bytes, TimeSpan pause) : HttpContent
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
        await stream.WriteAsync(part, cancellationToken);
        await stream.FlushAsync(cancellationToken);
        await Task.Delay(pause, cancellationToken);
        await stream.WriteAsync(part, cancellationToken);
        await stream.FlushAsync(cancellationToken);
    }
}
