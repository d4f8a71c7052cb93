using System.Net;
using System.Net.Http.Headers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Edge;

/// <summary>A chunked body in parts, with pauses between them: part of what such a test asks for, no waiting for luck.</summary>
internal sealed class PartsContent : HttpContent
{
    private readonly int[] _parts;
    private readonly TimeSpan _pause;

    public PartsContent(int[] parts, TimeSpan pause)
    {
        (_parts, _pause) = (parts, pause);
        Headers.ContentType = new MediaTypeHeaderValue(TunnelMediaTypes.BinaryTcp);
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        for (int i = 0; i < _parts.Length; i++)
        {
            await Task.Delay(i == 0 ? TimeSpan.Zero : _pause);
            await stream.WriteAsync(new byte[_parts[i]]);
            await stream.FlushAsync();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
