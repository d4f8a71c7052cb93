using System.Buffers;
using System.Net;
using System.Net.Http.Headers;

namespace TunnelAspire.Agent.Http;

/// <summary>A range of the client's stream as a request's body. The bytes stay the caller's.</summary>
internal sealed class RangeContent : HttpContent
{
    private readonly ReadOnlySequence<byte> _bytes;

    public RangeContent(ReadOnlySequence<byte> bytes, MediaTypeHeaderValue mediaType)
    {
        _bytes = bytes;
        Headers.ContentType = mediaType;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        foreach (ReadOnlyMemory<byte> bytes in _bytes)
        {
            await stream.WriteAsync(bytes, cancellationToken);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _bytes.Length;
        return true;
    }
}
