using System.Net;

namespace TunnelAspire.Http1;

/// <summary>A request's body that somebody else writes, for as long as he likes.</summary>
internal sealed class SharedContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A body of that media type.</summary>
    public SharedContent(string mediaType) => Headers.TryAddWithoutValidation("Content-Type", mediaType);

    /// <summary>Where the body is written, once the request is being sent.</summary>
    public Task<Stream> Stream => _stream.Task;

    /// <summary>The body is at its end.</summary>
    public void End() => _ended.TrySetResult();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        _stream.TrySetResult(stream);
        return _ended.Task;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
