using System.Runtime.InteropServices;

namespace TunnelAspire.Benchmarks.Load;

/// <summary>
/// The bytes of every stream: each follows from its position. Ready in memory, so that sending costs nothing and checking one
/// comparison. They repeat after <see cref="Period"/> bytes, which is no multiple of any message's or buffer's size: bytes that
/// were lost, doubled or swapped by such sizes do not fit.
/// </summary>
internal static class Pattern
{
    /// <summary>Most bytes in one piece.</summary>
    public const int Piece = 256 * 1024;

    private const int Period = (1024 * 1024) + 4099;

    private static readonly byte[] Bytes = Create();

    /// <summary>The stream's bytes from <paramref name="position"/> on, at most <paramref name="most"/> and at most a <see cref="Piece"/>.</summary>
    public static ReadOnlySpan<byte> At(long position, long most) => Bytes.AsSpan((int)(position % Period), (int)Math.Min(Piece, most));

    /// <summary>Whether these are the stream's bytes at that position.</summary>
    public static bool Fits(ReadOnlySpan<byte> bytes, long position) => bytes.SequenceEqual(At(position, bytes.Length));

    private static byte[] Create()
    {
        byte[] bytes = new byte[Period + Piece];
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes.AsSpan(0, Period / 8 * 8));
        for (int i = 0; i < words.Length; i++)
        {
            ulong word = (ulong)(i + 1) * 0x9E3779B97F4A7C15;
            words[i] = (word ^ (word >> 31)) * 0xBF58476D1CE4E5B9;
        }

        bytes.AsSpan(0, Piece).CopyTo(bytes.AsSpan(Period));
        return bytes;
    }
}
