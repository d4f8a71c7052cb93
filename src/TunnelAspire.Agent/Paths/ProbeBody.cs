using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;

namespace TunnelAspire.Agent.Paths;

/// <summary>A probe's body: parts with pauses between them, chunked; one part alone has a length. It notes when each was handed out.</summary>
internal sealed class ProbeBody : HttpContent
{
    private readonly ReadOnlyMemory<byte> _part;
    private readonly TimeSpan _pause;
    private readonly TimeSpan[] _sent;
    private readonly TimeProvider _time;

    public ProbeBody(ReadOnlyMemory<byte> part, int parts, TimeSpan pause, TimeProvider time, string mediaType)
    {
        (_part, _sent, _pause, _time) = (part, new TimeSpan[parts], pause, time);
        Headers.ContentType = new MediaTypeHeaderValue(mediaType);
    }

    /// <summary>When each part was handed out, since the first.</summary>
    public IReadOnlyList<TimeSpan> Sent => _sent;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        for (int i = 0; i < _sent.Length; i++)
        {
            if (i > 0)
            {
                await Task.Delay(_pause, _time, cancellationToken);
            }

            _sent[i] = Stopwatch.GetElapsedTime(begun);
            await stream.WriteAsync(_part, cancellationToken);
            await stream.FlushAsync(cancellationToken);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _part.Length;
        return _sent.Length == 1;
    }
}
