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

    private static long _rented;

    /// <summary>Bytes that the process's web servers hold now.</summary>
    public static long Rented => Volatile.Read(ref _rented);

    /// <summary>An array of the shared pool, counted among what is held. Its one owner gives it back.</summary>
    internal static byte[] Take(int size)
    {
        byte[] array = ArrayPool<byte>.Shared.Rent(size);
        Interlocked.Add(ref _rented, array.Length);
        return array;
    }

    /// <summary>Gives an array back.</summary>
    internal static void GiveBack(byte[] array)
    {
        Interlocked.Add(ref _rented, -array.Length);
        ArrayPool<byte>.Shared.Return(array);
    }

    /// <inheritdoc/>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool();

    private sealed class Pool : MemoryPool<byte>
    {
        public override int MaxBufferSize => Shared.MaxBufferSize;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => new Buffer(Math.Max(minBufferSize, Size));

        protected override void Dispose(bool disposing)
        {
        }
    }

    /// <summary>A rented array, given back once. The web server may also forget one, of a request that was aborted: then it is no longer held either.</summary>
    private sealed class Buffer : IMemoryOwner<byte>
    {
        private byte[]? _array;

        public Buffer(int size) => _array = Take(size);

        ~Buffer()
        {
            if (_array is { } array)
            {
                Interlocked.Add(ref _rented, -array.Length);
            }
        }

        public Memory<byte> Memory => _array ?? throw new ObjectDisposedException(nameof(Buffer));

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _array, null) is { } array)
            {
                GiveBack(array);
                GC.SuppressFinalize(this);
            }
        }
    }
}
