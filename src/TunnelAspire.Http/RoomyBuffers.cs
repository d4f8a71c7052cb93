using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace TunnelAspire.Http;

/// <summary>
/// Gives the web server larger buffers than its own of 4 KiB: a tunnel's requests are bulk, and each buffer costs a system call.
/// A connection holds one only while bytes pass through it. They come from the shared array pool, which lets go of what is not used.
/// </summary>
public sealed class RoomyBuffers : IMemoryPoolFactory<byte>
{
    /// <summary>Bytes of one buffer.</summary>
    public const int Size = 64 * 1024;

    /// <inheritdoc/>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool();

    private sealed class Pool : MemoryPool<byte>
    {
        public override int MaxBufferSize => Shared.MaxBufferSize;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => Shared.Rent(Math.Max(minBufferSize, Size));

        protected override void Dispose(bool disposing)
        {
        }
    }
}
