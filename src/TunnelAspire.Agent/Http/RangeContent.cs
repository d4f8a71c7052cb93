using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Agent.Http;

/// <summary>A range of the client's stream as a request's body, and what follows it where the message is held open. The bytes stay the caller's.</summary>
internal sealed class RangeContent : HttpContent
{
    private readonly ReadOnlySequence<byte> _bytes;
    private readonly OpenMessage? _more;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Guards the fields below.
    private readonly Lock _lock = new();
    private int _attempts;
    private int _writing;
    private bool _over;

    public RangeContent(ReadOnlySequence<byte> bytes, OpenMessage? more, MediaTypeHeaderValue mediaType)
    {
        (_bytes, _more) = (bytes, more);
        Headers.ContentType = mediaType;
    }

    /// <summary>Waits until nobody reads the bytes any more: a failed request may still be at it.</summary>
    public Task EndedAsync()
    {
        lock (_lock)
        {
            _over = true;
            return _writing == 0 ? Task.CompletedTask : _ended.Task;
        }
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        Begin();
        try
        {
            await WriteAsync(stream, _bytes, cancellationToken);
            if (_more is not null)
            {
                await FollowAsync(stream, _more, cancellationToken);
            }
        }
        finally
        {
            End();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _more is null ? _bytes.Length : 0;
        return _more is null;
    }

    private void Begin()
    {
        lock (_lock)
        {
            if (_over || (_more is not null && _attempts > 0))
            {
                throw new IOException("the message cannot be sent a second time"); // a proxy has asked for a name and a password first
            }

            _attempts++;
            _writing++;
        }
    }

    private void End()
    {
        lock (_lock)
        {
            if (--_writing == 0 && _over)
            {
                _ended.SetResult();
            }
        }
    }

    /// <summary>What is there already goes out with what came before; then it is flushed, and the next bytes are waited for.</summary>
    private static async Task FollowAsync(Stream stream, OpenMessage more, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (!more.TryNext(out OutboundRange range))
            {
                await stream.FlushAsync(cancellationToken);
                if (await more.NextAsync() is not { } next)
                {
                    return;
                }

                range = next;
            }

            using (range)
            {
                await WriteAsync(stream, range.Bytes, cancellationToken);
            }
        }
    }

    private static async ValueTask WriteAsync(Stream stream, ReadOnlySequence<byte> bytes, CancellationToken cancellationToken)
    {
        foreach (ReadOnlyMemory<byte> memory in bytes)
        {
            await stream.WriteAsync(memory, cancellationToken);
        }
    }
}
