using System.Buffers.Binary;

namespace TunnelAspire.IntegrationTests.Chaos.Load;

/// <summary>A stream whose every eight bytes depend on their position and on a seed: a byte in the wrong place, or of another stream, shows itself.</summary>
internal static class Pattern
{
    public static void Fill(Span<byte> destination, long position, ulong seed)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        while (!destination.IsEmpty)
        {
            int within = (int)(position % sizeof(ulong));
            ulong value = Word(position / sizeof(ulong), seed);
            int count = Math.Min(sizeof(ulong) - within, destination.Length);
            if (count == sizeof(ulong))
            {
                BinaryPrimitives.WriteUInt64LittleEndian(destination, value);
            }
            else
            {
                BinaryPrimitives.WriteUInt64LittleEndian(word, value);
                word.Slice(within, count).CopyTo(destination);
            }

            destination = destination[count..];
            position += count;
        }
    }

    /// <summary>Fails unless <paramref name="bytes"/> are the stream's from <paramref name="position"/> on.</summary>
    /// <param name="bytes">What has arrived.</param>
    /// <param name="position">Of the first of them.</param>
    /// <param name="seed">The stream's.</param>
    /// <param name="scratch">At least as long as the bytes.</param>
    public static void Require(ReadOnlySpan<byte> bytes, long position, ulong seed, Span<byte> scratch)
    {
        Span<byte> expected = scratch[..bytes.Length];
        Fill(expected, position, seed);
        int right = bytes.CommonPrefixLength(expected);
        if (right < bytes.Length)
        {
            throw new InvalidDataException($"the byte at {position + right} is not the stream's (seed {seed:x})");
        }
    }

    private static ulong Word(long index, ulong seed)
    {
        ulong mixed = ((ulong)index ^ seed) * 0x9E3779B97F4A7C15;
        return mixed ^ (mixed >> 29);
    }
}
