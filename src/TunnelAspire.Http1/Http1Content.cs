using System.Net;

namespace TunnelAspire.Http1;

/// <summary>An answer's body as the framework's messages have it.</summary>
internal sealed class Http1Content : HttpContent
{
    /// <summary>The body, once the head says how it is framed.</summary>
    public Stream Body { get; set; } = Stream.Null;

    protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult(Body);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Body.CopyToAsync(stream);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Body.Dispose();
        }

        base.Dispose(disposing);
    }
}
