using System.Net;
using System.Security.Cryptography;

namespace TunnelAspire.Agent.Doctor;

/// <summary>A body of random bytes, which nobody can compress: complete, with its length told, or held open and flushed as it goes.</summary>
/// <param name="length">Most bytes.</param>
/// <param name="open">Until when it is held open; null for a complete body.</param>
internal sealed class FilledContent(long length, CancellationToken? open = null) : HttpContent
{
    private const int BlockBytes = 64 * 1024;
    private static readonly byte[] Block = RandomNumberGenerator.GetBytes(BlockBytes);

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long computed)
    {
        computed = length;
        return open is null;
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        for (long written = 0; written < length && open?.IsCancellationRequested != true;)
        {
            int count = (int)Math.Min(BlockBytes, length - written);
            await stream.WriteAsync(Block.AsMemory(0, count), cancellationToken);
            if (open is not null)
            {
                await stream.FlushAsync(cancellationToken);
            }

            written += count;
        }
    }
}
